import { parse } from 'csv-parse/sync'
import type { PlantReading, Quantity } from '#contexts/plant-ops'

type Row = Readonly<Record<string, string>>

const number = (row: Row, column: string): number => {
  const value = Number(row[column] === '' ? Number.NaN : row[column])
  if (!Number.isFinite(value)) throw new Error(`${row['']}: ${column} is not a number`)
  return value
}

const QUARTER_MS = 900_000
const quarterHour = (stamp = ''): string => {
  const at = Date.parse(`${stamp.replace(' ', 'T')}-07:00`)
  return new Date(at - (at % QUARTER_MS)).toISOString()
}

const MODULES = ['module_temp_1__781', 'module_temp_2__782', 'module_temp_3__783'] as const

// das_temperature__785 repeats the power in the source and is not a temperature.
const quantities: readonly (readonly [Quantity, (row: Row) => number])[] = [
  ['ac_power_kw', (row) => number(row, 'ac_power__773') / 1000],
  ['poa_irradiance_w_m2', (row) => number(row, 'poa_irradiance__771')],
  ['module_temperature_c', (row) => MODULES.reduce((sum, column) => sum + number(row, column), 0) / MODULES.length],
  ['ambient_temperature_c', (row) => number(row, 'ambient_temp__780')],
]

/**
 * The measured series of SERF West: its stamps are local standard time, UTC−7, without saying so, and lie a minute into
 * their quarter-hour, which is what they are read as. Power is in W.
 */
export function serfReadings(csv: string, plant_id: string): PlantReading[] {
  const rows: Row[] = parse(csv, { columns: true })
  return rows.flatMap((row) =>
    quantities.map(([quantity, valueOf]) => ({
      ...{ plant_id, quantity, quality: 192 as const },
      ts: quarterHour(row['']),
      value: valueOf(row),
    })),
  )
}
