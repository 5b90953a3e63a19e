import type { Cause } from './causes.ts'

/** A reading that the detector found anomalous. */
export type Found = {
  readonly sensor_id: string
  readonly plant_id: string
  readonly at_ms: number
  readonly value: number
  readonly score: number
  readonly causes: readonly Cause[]
}

/** Anomalous readings of one sensor that belong together. Times of readings in milliseconds. */
export type Alarm = {
  sensor_id: string
  plant_id: string
  started_ms: number
  last_ms: number
  readings: number
  occurrences: number
  peak_score: number
  peak_ms: number
  peak_value: number
  causes: readonly Cause[]
  acknowledged: boolean
}

/** An anomaly that long after another begins anew; and an alarm is cleared that long after its last one came. */
export const QUIET_MS = 3_600_000
/** Where nobody has looked yet, what comes back within a day is counted in the same alarm: nobody is called twice for it. */
const UNSEEN_MS = 86_400_000
/** A pause after which the next anomalous reading counts as a recurrence. */
const PAUSE_MS = 900_000

/** What became of the alarms of one sensor: those that went on, and those that began. */
export type Grouped<Known extends Alarm> = { continued: Known[]; begun: Alarm[] }

/** Groups what was found of one sensor, in the order of time, with the alarms that it has about that time, the oldest first. Pure. */
export function groupAnomalies<Known extends Alarm>(known: readonly Known[], found: readonly Found[]): Grouped<Known> {
  const alarms: Alarm[] = [...known]
  for (const one of found) {
    const within = alarms.findIndex(({ started_ms, last_ms }) => started_ms <= one.at_ms && one.at_ms <= last_ms)
    const place = within >= 0 ? within : alarms.findLastIndex((alarm) => belongs(alarm, one.at_ms))
    if (place >= 0) alarms[place] = joined(alarms[place]!, one)
    else alarms.push(alarmOf(one))
  }
  // The first ones are those that were there, with all that they had.
  const continued = alarms.slice(0, known.length).filter((alarm, i) => alarm !== known[i]) as Known[]
  return { continued, begun: alarms.slice(known.length) }
}

/** The times between which an alarm must touch so that something found from `from` to `to` can belong to it. */
export const reachOf = (from: number, to: number): { last_from: number; started_to: number } => ({
  last_from: from - UNSEEN_MS,
  started_to: to + QUIET_MS,
})

/** Whether a silence that began at `since` is the same alarm again: it returned before anybody looked, or soon after somebody had. */
export const isSameSilence = (before: { last_ms: number; acknowledged: boolean }, since: number): boolean =>
  since <= before.last_ms + (before.acknowledged ? QUIET_MS : UNSEEN_MS)

function belongs({ started_ms, last_ms, acknowledged }: Alarm, at: number): boolean {
  const reach = acknowledged ? QUIET_MS : UNSEEN_MS
  return at >= started_ms - QUIET_MS && at <= last_ms + reach
}

const alarmOf = ({ sensor_id, plant_id, at_ms, value, score, causes }: Found): Alarm => ({
  ...{ sensor_id, plant_id, started_ms: at_ms, last_ms: at_ms, readings: 1, occurrences: 1 },
  ...{ peak_score: score, peak_ms: at_ms, peak_value: value, causes, acknowledged: false },
})

function joined(alarm: Alarm, { at_ms, value, score, causes }: Found): Alarm {
  const isFarther = beyond(value, causes[0]) > beyond(alarm.peak_value, alarm.causes[0])
  const isPeak = score > alarm.peak_score || (score === alarm.peak_score && isFarther)
  return {
    ...alarm,
    started_ms: Math.min(alarm.started_ms, at_ms),
    last_ms: Math.max(alarm.last_ms, at_ms),
    readings: alarm.readings + 1,
    occurrences: alarm.occurrences + (at_ms > alarm.last_ms + PAUSE_MS ? 1 : 0),
    ...(isPeak && { peak_score: score, peak_ms: at_ms, peak_value: value }),
    causes: withKinds(isPeak ? causes : alarm.causes, isPeak ? alarm.causes : causes),
  }
}

/** How far outside its range; of two that score the same the farther one is the peak. */
const beyond = (value: number, cause: Cause | undefined): number =>
  Math.max(0, value - (cause?.high ?? value), (cause?.low ?? value) - value)

/** The causes of the strongest reading, and of the others what it does not name. */
function withKinds(causes: readonly Cause[], others: readonly Cause[]): readonly Cause[] {
  const missing = others.filter(({ kind }) => causes.every((cause) => cause.kind !== kind))
  return missing.length === 0 ? causes : [...causes, ...missing]
}
