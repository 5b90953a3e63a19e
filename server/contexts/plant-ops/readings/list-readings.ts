import type { ReadingWork } from '../tables.ts'
import { instantText } from './instant-text.ts'
import { keptJson, keptOf } from './read-kept.ts'
import { readPage, type Period } from './read-series.ts'
import { isCorrected, isLate, qualityOf, scoreOf, type Series } from './series.ts'

/** Readings `first` to `end` (not included) as JSON, written by hand: a serialiser would want an object for each. */
export function readingsJson(series: Series, first: number, end: number): string {
  let text = '['
  for (let i = first; i < end; i += 1) {
    const mark = series.mark[i]!
    if (i > first) text += ','
    text += `{"ts":"${instantText(series.at_ms[i]!)}","value":${series.value[i]},"quality":${qualityOf(mark)},"anomaly_score":${scoreOf(series.score[i]!)}`
    if (isLate(mark)) text += ',"late":true'
    if (isCorrected(mark)) text += ',"corrected":true'
    text += '}'
  }
  return `${text}]`
}

/** A cursor is where the next page begins. */
export const cursorOf = (at_ms: number): string => at_ms.toString(36)
export const cursorTime = (cursor: string): number => Number.parseInt(cursor, 36)

/** A page of a sensor's readings in the order of time, as JSON. */
export async function listReadings(
  work: ReadingWork,
  sensorId: string,
  period: Period,
  limit: number,
): Promise<string> {
  const series = await readPage(work, sensorId, period, limit + 1)
  // After the readings: who has some is there, who has none may be nobody, and what went meanwhile is in the page still.
  const kept = await keptOf(work, sensorId)
  const end = Math.min(series.length, limit)
  const next = series.length > limit ? `"${cursorOf(series.at_ms[limit]!)}"` : 'null'
  return `{"items":${readingsJson(series, 0, end)},"next_cursor":${next},${keptJson(kept)}}`
}
