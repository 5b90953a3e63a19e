import type { ReadingWork } from '../tables.ts'
import { createSources } from './create-sources.ts'
import { findSources, findUnits } from './find-sources.ts'
import { refuseRow, shown, type Columns, type Rows } from './rows.ts'
import { sameUnit } from './unit.ts'

/** The rows whose sensor is known and measures in the unit that the row names; the others join the refused. */
export async function findSensors(work: ReadingWork, rows: Rows): Promise<Columns> {
  const columns = rows.sources.size === 0 ? rows.columns : await withSensors(work, rows)
  return rows.units.size === 0 ? columns : withUnits(work, rows, columns)
}

/** Keys of sources become ids of the sensors that they feed. Sensors are made where the company allows it. */
async function withSensors(work: ReadingWork, rows: Rows): Promise<Columns> {
  const { sources } = rows
  let found = await findSources(work, [...sources.keys()])
  if (found.size < sources.size) {
    await createSources(
      work,
      [...sources.values()].filter(({ key }) => !found.has(key)),
    )
    found = await findSources(work, [...sources.keys()])
  }
  return kept(rows, rows.columns, (place, sensor) => {
    const id = found.get(sensor)
    if (id === undefined) refuseRow(rows, rows.columns.index[place]!, 'plant_ops.unknown_source', shown(sensor))
    return id ?? null
  })
}

async function withUnits(work: ReadingWork, rows: Rows, columns: Columns): Promise<Columns> {
  const named = [...rows.units.keys()].map((place) => columns.sensor[place]!)
  const units = await findUnits(work, [...new Set(named)])
  return kept(rows, columns, (place, sensor) => {
    const [given, own] = [rows.units.get(place), units.get(sensor)]
    // A sensor that is not there is refused by those who write.
    if (given === undefined || own === undefined || sameUnit(given, own)) return sensor
    const unit = own === '' ? 'It has none' : `It is ${shown(own)}`
    refuseRow(rows, columns.index[place]!, 'plant_ops.other_unit', `${unit}, and not ${shown(given)}.`)
    return null
  })
}

/** Columns without the rows for which there is no sensor. */
function kept(rows: Rows, columns: Columns, sensorOf: (place: number, sensor: string) => string | null): Columns {
  const result: Columns = { index: [], sensor: [], at_ms: [], value: [], quality: [] }
  const { index, sensor, at_ms, value, quality } = columns
  for (let place = 0; place < index.length; place += 1) {
    const id = sensorOf(place, sensor[place]!)
    if (id === null) continue
    result.index.push(index[place]!)
    result.sensor.push(id)
    result.at_ms.push(at_ms[place]!)
    result.value.push(value[place]!)
    result.quality.push(quality[place]!)
  }
  return result
}
