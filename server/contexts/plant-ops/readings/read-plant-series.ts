import { sql } from 'kysely'
import type { PlantSeries } from '#contexts/plants'
import type { ReadingWork } from '../tables.ts'
import type { Summary } from './bucket.ts'
import type { Quantity } from './plant-quantity.ts'
import { readBuckets } from './read-buckets.ts'
import { ALWAYS, readPage, readSeries, type Period } from './read-series.ts'
import { isGood, NO_READINGS, qualityOf, type Series } from './series.ts'

type Found = { id: string; quantity: Quantity; last_ms: number | null }
type Sample = Awaited<ReturnType<PlantSeries['samples']>>[number]
type Mean = Awaited<ReturnType<PlantSeries['means']>>[number]

/** Performance is worked out from these. */
const WEATHER = ['poa_irradiance_w_m2', 'module_temperature_c'] as const
const MEASURED = ['ac_power_kw', ...WEATHER] as const
const PRODUCED = ['ac_power_kw', 'ac_energy_counter'] as const

/** The live sensors of a plant that measure any of these; there is one at most for each. */
async function findSensors(
  { db, tenantId }: ReadingWork,
  plantId: string,
  wanted: readonly Quantity[],
): Promise<Found[]> {
  const { rows } = await sql<Found>`
    select s.id, s.quantity, st.last_ms
      from sensors s join sensor_states st on st.tenant_id = s.tenant_id and st.sensor_id = s.id
     where s.tenant_id = ${tenantId} and s.plant_id = ${plantId} and s.deleted_at is null
       and s.quantity = any (${wanted}::text[])`.execute(db)
  return rows
}

/** The readings of the blocks that a period touches, of the sensor that has most; no block is unpacked for it. */
async function countReadings(
  { db, tenantId }: ReadingWork,
  sensorIds: readonly string[],
  { from, to }: Period,
): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select coalesce(sum(b.readings), 0)::float8 as count
      from unnest(${sensorIds}::uuid[]) as k(sensor_id)
      join reading_blocks b on b.tenant_id = ${tenantId} and b.sensor_id = k.sensor_id and b.first_ms < ${to}
       and b.last_ms >= ${from}
     group by k.sensor_id order by 1 desc limit 1`.execute(db)
  return rows[0]?.count ?? 0
}

/** What the plants' context reads of a plant's measurements; handed to it by the composition root. */
export const readPlantSeries: PlantSeries = {
  firstAt: async (work, plantId) => {
    const first: number[] = []
    for (const { id } of await findSensors(work, plantId, PRODUCED)) {
      const at = (await readPage(work, id, ALWAYS, 1)).at_ms[0]
      if (at !== undefined) first.push(at)
    }
    return first.length === 0 ? null : Math.min(...first)
  },
  lastAt: async (work, plantId) => {
    const last = (await findSensors(work, plantId, PRODUCED)).flatMap(({ last_ms }) => last_ms ?? [])
    return last.length === 0 ? null : Math.max(...last)
  },
  count: async (work, plantId, period) => {
    const sensors = await findSensors(work, plantId, MEASURED)
    return countReadings(
      work,
      sensors.map(({ id }) => id),
      period,
    )
  },
  samples: async (work, plantId, period) => {
    const sensors = await findSensors(work, plantId, MEASURED)
    const ids = sensors.map(({ id }) => id)
    const found = await readSeries(work, ids, period)
    const of = (quantity: Quantity): Series =>
      found.get(sensors.find((one) => one.quantity === quantity)?.id ?? '') ?? NO_READINGS
    const [power, sun, warmth] = [of('ac_power_kw'), ...WEATHER.map(of)] as [Series, Series, Series]
    return samplesOf(power, sun, warmth)
  },
  means: async (work, plantId, period, every_ms) => {
    const sensors = await findSensors(work, plantId, MEASURED)
    const ids = sensors.map(({ id }) => id)
    const means: Mean[] = []
    for (const part of partsOf(period, every_ms)) {
      const found = await readBuckets(work, ids, part, { kind: 'fixed', ms: every_ms })
      const of = (quantity: Quantity): Summary[] =>
        found.get(sensors.find((one) => one.quantity === quantity)?.id ?? '') ?? []
      for (const mean of meansOf(of('ac_power_kw'), of('poa_irradiance_w_m2'), of('module_temperature_c')))
        means.push(mean)
    }
    return means
  },
  counter: async (work, plantId, period) => {
    const [sensor] = await findSensors(work, plantId, ['ac_energy_counter'])
    const series = (sensor && (await readSeries(work, [sensor.id], period)).get(sensor.id)) ?? NO_READINGS
    const readings: { at: number; value: number }[] = []
    for (let i = 0; i < series.length; i += 1) {
      if (isGood(series.mark[i]!)) readings.push({ at: series.at_ms[i]!, value: series.value[i]! })
    }
    return readings
  },
}

/** One sample per time: quantities are joined where their times are equal. Beside power, what is not good counts as not read. */
function samplesOf(power: Series, sun: Series, warmth: Series): Sample[] {
  const samples: Sample[] = []
  let [p, s, w] = [0, 0, 0]
  for (;;) {
    const [ofPower, ofSun, ofWarmth] = [timeOf(power, p), timeOf(sun, s), timeOf(warmth, w)]
    const at = Math.min(ofPower, ofSun, ofWarmth)
    if (at === Number.POSITIVE_INFINITY) return samples
    const sample: Sample = { at, ...NOTHING }
    if (ofPower === at) {
      sample.ac_power_kw = power.value[p]!
      sample.power_quality = qualityOf(power.mark[p]!)
      p += 1
    }
    if (ofSun === at) {
      if (isGood(sun.mark[s]!)) sample.irradiance_w_m2 = sun.value[s]!
      s += 1
    }
    if (ofWarmth === at) {
      if (isGood(warmth.mark[w]!)) sample.module_temperature_c = warmth.value[w]!
      w += 1
    }
    samples.push(sample)
  }
}
const NOTHING = { ac_power_kw: null, power_quality: null, irradiance_w_m2: null, module_temperature_c: null }
const timeOf = (series: Series, place: number): number =>
  place < series.length ? series.at_ms[place]! : Number.POSITIVE_INFINITY

/** A fortnight of readings every second, of three sensors, is what one answer of the reader of buckets unpacks. */
const PART_MS = 14 * 86_400_000

function partsOf({ from, to }: Period, every_ms: number): Period[] {
  const parts: Period[] = []
  // A bucket is in one part, or it would come twice.
  for (let at = from; at < to;) {
    const next = at + PART_MS
    const end = Math.min(next - (next % every_ms), to)
    parts.push({ from: at, to: end })
    at = end
  }
  return parts
}

const tsOf = (summaries: readonly Summary[], place: number): number => summaries[place]?.ts ?? Number.POSITIVE_INFINITY
const meanOf = ({ sum, count }: Summary): number | null => (count > 0 && Number.isFinite(sum) ? sum / count : null)

/** One mean per bucket that has any quantity. */
function meansOf(power: readonly Summary[], sun: readonly Summary[], warmth: readonly Summary[]): Mean[] {
  const means: Mean[] = []
  let [p, s, w] = [0, 0, 0]
  for (;;) {
    const [ofPower, ofSun, ofWarmth] = [tsOf(power, p), tsOf(sun, s), tsOf(warmth, w)]
    const at = Math.min(ofPower, ofSun, ofWarmth)
    if (at === Number.POSITIVE_INFINITY) return means
    const mean: Mean = { at, ...NOTHING, least_power_kw: null, most_power_kw: null }
    if (ofPower === at) {
      const summary = power[p++]!
      mean.ac_power_kw = meanOf(summary)
      mean.power_quality = mean.ac_power_kw === null ? 0 : 192
      mean.least_power_kw = summary.min
      mean.most_power_kw = summary.max
    }
    if (ofSun === at) mean.irradiance_w_m2 = meanOf(sun[s++]!)
    if (ofWarmth === at) mean.module_temperature_c = meanOf(warmth[w++]!)
    means.push(mean)
  }
}
