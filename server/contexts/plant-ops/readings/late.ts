import { beyondLimits, type Cause, type DetectorSettings } from '../anomalies/causes.ts'
import { isGood, newSeries, placeOf, scoreByte, type Series } from './series.ts'

export type LateReading = { row: number; at_ms: number; value: number; mark: number }
export type LateVerdict = {
  row: number
  outcome: 'duplicate' | 'conflict' | 'correction' | 'late'
  score: number
  /** What somebody said that it is beyond; of what was written alone. */
  cause: Cause | null
}
export type Replaced = { at_ms: number; value: number; score: number; mark: number }

const LATE = 4
const CORRECTED = 8
const QUALITY = 3

type Kept = { value: number; score: number; mark: number }

/** The nearest reading before a time, of those that were there. */
function readingBefore(series: Series, at: number): { at_ms: number; value: number } | null {
  const place = placeOf(series, at) - 1
  return place < 0 ? null : { at_ms: series.at_ms[place]!, value: series.value[place]! }
}

/**
 * A series with readings that came late, in the order of their times. `series` is null where nothing changes. Late ones are scored
 * by limits and rate alone: what follows them in time was scored without them.
 */
export function withLate(
  series: Series,
  late: readonly LateReading[],
  limits: DetectorSettings,
  correction: boolean,
): { series: Series | null; verdicts: LateVerdict[]; revisions: Replaced[] } {
  const verdicts: LateVerdict[] = []
  const revisions: Replaced[] = []
  const changed = new Map<number, Kept>()
  let added = 0
  for (const { row, at_ms, value, mark } of late) {
    const place = placeOf(series, at_ms)
    const isThere = series.at_ms[place] === at_ms
    const there =
      changed.get(at_ms) ??
      (isThere ? { value: series.value[place]!, score: series.score[place]!, mark: series.mark[place]! } : undefined)
    const before = readingBefore(series, at_ms)
    const cause = isGood(mark)
      ? beyondLimits(limits, before?.value ?? null, at_ms - (before?.at_ms ?? at_ms), value)
      : null
    const score = scoreByte(cause === null ? 0 : 1)
    if (there === undefined) {
      changed.set(at_ms, { value, score, mark: mark | LATE })
      added += 1
      verdicts.push({ row, outcome: 'late', score, cause })
    } else if (there.value === value && (there.mark & QUALITY) === (mark & QUALITY)) {
      verdicts.push({ row, outcome: 'duplicate', score: there.score, cause: null })
    } else if (correction) {
      revisions.push({ at_ms, ...there })
      changed.set(at_ms, { value, score, mark: mark | (there.mark & LATE) | CORRECTED })
      verdicts.push({ row, outcome: 'correction', score, cause })
    } else verdicts.push({ row, outcome: 'conflict', score: there.score, cause: null })
  }
  if (changed.size === 0) return { series: null, verdicts, revisions }
  return { series: merged(series, changed, added), verdicts, revisions }
}

function merged(series: Series, changed: ReadonlyMap<number, Kept>, added: number): Series {
  const all = newSeries(series.length + added)
  const times = Float64Array.from(changed.keys()).toSorted()
  let [from, next] = [0, 0]
  for (let i = 0; i < all.length; i += 1) {
    const at = times[next]
    if (at !== undefined && (from === series.length || at <= series.at_ms[from]!)) {
      if (from < series.length && series.at_ms[from] === at) from += 1
      const { value, score, mark } = changed.get(at)!
      all.at_ms[i] = at
      all.value[i] = value
      all.score[i] = score
      all.mark[i] = mark
      next += 1
    } else {
      all.at_ms[i] = series.at_ms[from]!
      all.value[i] = series.value[from]!
      all.score[i] = series.score[from]!
      all.mark[i] = series.mark[from]!
      from += 1
    }
  }
  return all
}
