/** What is measured for a plant as a whole: performance is worked out from these. */
export type Quantity =
  | 'ac_power_kw'
  | 'ac_energy_counter'
  | 'poa_irradiance_w_m2'
  | 'module_temperature_c'
  | 'ambient_temperature_c'

/** The sensor that is made for a quantity where nobody made one. */
export const QUANTITIES: Readonly<Record<Quantity, { name: string; unit: string; kind: string }>> = {
  ac_power_kw: { name: 'AC power', unit: 'kW', kind: 'power' },
  ac_energy_counter: { name: 'Energy counter', unit: 'kWh', kind: 'energy' },
  poa_irradiance_w_m2: { name: 'Irradiance in the plane of the array', unit: 'W/m2', kind: 'irradiance' },
  module_temperature_c: { name: 'Module temperature', unit: 'Cel', kind: 'temperature' },
  ambient_temperature_c: { name: 'Ambient temperature', unit: 'Cel', kind: 'temperature' },
}

/**
 * A mean over an interval, of which `ts` is the beginning, RFC 3339; of `ac_energy_counter` what the counter showed at `ts`, in its own units
 * (kWh = units × K of the meter in the plant's registry).
 * `value` is finite; `quality` is 192 good, 0 bad or 500 stale.
 */
export type PlantReading = { plant_id: string; quantity: Quantity; ts: string; value: number; quality: 0 | 192 | 500 }
