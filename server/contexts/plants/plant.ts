import type { Detail } from '#platform/refusal.ts'
import { checkPlace, isTimeZone } from './place.ts'
import { PlantFields } from './schemas.ts'

/** Power for people: `998.4 kWp`, `5.9904 MWp`; of what is not photovoltaic without the p. */
export function powerText(power_kw: number | null, type: string): string | null {
  if (power_kw === null) return null
  const unit = type === 'Photovoltaic' ? 'Wp' : 'W'
  // Rounded against 5.990399999999999.
  return power_kw < 1000 ? `${power_kw} k${unit}` : `${Number((power_kw / 1000).toPrecision(12))} M${unit}`
}

const UNKNOWN = {
  ...{ power: null, power_kw: null, location: null, address: null, municipality: null, province: null, region: null },
  ...{ latitude: null, longitude: null, time_zone: null, notes: null },
}

type Said = Partial<PlantFields> & Pick<PlantFields, 'name' | 'code' | 'type' | 'status'>

/** A new plant with everything that was not said: in Italy, its power in words from its figure. */
export function completePlant(said: Said): PlantFields {
  const plant = { country: 'IT', tags: [], ...UNKNOWN, ...said }
  return { ...plant, power: plant.power ?? powerText(plant.power_kw, plant.type) }
}

/** The plant after a change. A power in words that was made from the figure follows the figure. */
export function changedPlant(before: PlantFields, change: Partial<PlantFields>): PlantFields {
  const after = { ...before, ...change }
  const made = before.power === null || before.power === powerText(before.power_kw, before.type)
  if (change.power === undefined ? made : change.power === null) after.power = powerText(after.power_kw, after.type)
  return after
}

/** The plant in its official spelling, and what is wrong beyond the shape of single fields. */
export function checkPlant(plant: PlantFields): { plant: PlantFields; problems: Detail[] } {
  const { problems, province, region } = checkPlace(plant)
  if (plant.latitude === null && plant.longitude !== null) {
    problems.push({ field: 'latitude', message: 'must be there when longitude is' })
  }
  if (plant.longitude === null && plant.latitude !== null) {
    problems.push({ field: 'longitude', message: 'must be there when latitude is' })
  }
  if (plant.time_zone !== null && !isTimeZone(plant.time_zone)) {
    problems.push({ field: 'time_zone', message: 'must be a zone of the IANA database, such as Europe/Rome' })
  }
  return { plant: { ...plant, province, region }, problems }
}

const FIELDS = Object.keys(PlantFields.properties) as (keyof PlantFields)[]

/** The fields that differ, before and after; null where none does. */
export function changesOf(
  before: PlantFields,
  after: PlantFields,
): Record<'before' | 'after', Partial<PlantFields>> | null {
  const changed = FIELDS.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]))
  if (changed.length === 0) return null
  const of = (plant: PlantFields): Partial<PlantFields> =>
    Object.fromEntries(changed.map((field) => [field, plant[field]]))
  return { before: of(before), after: of(after) }
}
