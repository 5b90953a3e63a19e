import { ANOMALY } from '../anomalies/detector.ts'
import { sensorRefusals } from '../sensors/refusals.ts'
import type { ReadingWork } from '../tables.ts'
import { judgeReadings } from './ingest-readings.ts'
import { instantText } from './instant-text.ts'
import { LATE } from './reading-columns.ts'
import { readingRefusals } from './refusals.ts'
import { scoreOf } from './series.ts'

export type NewReading = { value: number; ts?: string; quality?: 0 | 192 | 500 }

/** Writes one reading and tells its score; of now where no time is said. The same one again changes nothing. */
export async function addReading(work: ReadingWork, sensorId: string, { value, ts, quality = 192 }: NewReading) {
  const at = ts === undefined ? work.now.getTime() : Date.parse(ts)
  const columns = { index: [0], sensor: [sensorId.toLowerCase()], at_ms: [at], value: [value], quality: [quality] }
  const { outcome, score, rejected } = await judgeReadings(work, columns)
  const [refused] = rejected
  if (refused?.code === 'plant_ops.unknown_sensor') throw sensorRefusals.refuse('sensors.not_found')
  if (refused?.code === 'plant_ops.conflict' || refused?.code === 'plant_ops.raw_gone') {
    throw readingRefusals.refuse(refused.code)
  }
  if (refused !== undefined) {
    throw readingRefusals.refuse('plant_ops.time_out_of_range', {
      details: [{ field: 'ts', message: refused.message }],
    })
  }
  const anomaly_score = scoreOf(score[0]!)
  return {
    ...{ ts: instantText(at), value: value + 0, quality, anomaly_score },
    ...{ is_anomaly: anomaly_score >= ANOMALY, late: outcome[0] === LATE },
  }
}
