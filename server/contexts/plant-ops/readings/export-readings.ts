import type { ReadingWork } from '../tables.ts'
import { instantText } from './instant-text.ts'
import { keptOf, type Kept } from './read-kept.ts'
import { readPage, type Period } from './read-series.ts'
import { qualityOf, type Series } from './series.ts'

/** Readings that are in memory at once. */
const PART = 20_000

/** The bulk takes both as they are. */
export type ReadingFormat = 'csv' | 'ndjson'
export const CONTENT_TYPES: Readonly<Record<ReadingFormat, string>> = {
  csv: 'text/csv; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
}
const HEAD: Readonly<Record<ReadingFormat, string>> = { csv: 'sensor_id,ts,value,quality\r\n', ndjson: '' }

/** `next`: where what follows begins; null where nothing does. */
export type ExportPart = Kept & { text: string; next: number | null }

/** A part of the readings of a sensor in a period, each a line. */
export async function exportReadings(
  work: ReadingWork,
  sensorId: string,
  period: Period,
  format: ReadingFormat,
): Promise<ExportPart> {
  const series = await readPage(work, sensorId, period, PART + 1)
  const kept = await keptOf(work, sensorId)
  const end = Math.min(series.length, PART)
  const text = linesOf[format](sensorId.toLowerCase(), series, end)
  return { ...kept, text, next: series.length > PART ? series.at_ms[PART]! : null }
}

const linesOf: Readonly<Record<ReadingFormat, (sensorId: string, series: Series, end: number) => string>> = {
  csv: (sensorId, { at_ms, value, mark }, end) => {
    let text = ''
    for (let i = 0; i < end; i += 1) {
      text += `${sensorId},${instantText(at_ms[i]!)},${value[i]},${qualityOf(mark[i]!)}\r\n`
    }
    return text
  },
  ndjson: (sensorId, { at_ms, value, mark }, end) => {
    let text = ''
    for (let i = 0; i < end; i += 1) {
      text += `{"sensor_id":"${sensorId}","ts":"${instantText(at_ms[i]!)}","value":${value[i]},"quality":${qualityOf(mark[i]!)}}\n`
    }
    return text
  },
}

/** The whole as text, part by part: `read` reads one, in a transaction of its own, when the one before was sent. */
export async function* exportText(
  first: ExportPart,
  format: ReadingFormat,
  read: (from: number) => Promise<ExportPart>,
): AsyncGenerator<string> {
  yield HEAD[format] + first.text
  for (let next = first.next; next !== null;) {
    const part = await read(next)
    // What was to follow became hours meanwhile: better cut off, which the reader sees, than with a hole.
    if ((part.raw_from_ms ?? 0) > next) throw new Error('Readings that were being exported were removed')
    if (part.text !== '') yield part.text
    next = part.next
  }
}
