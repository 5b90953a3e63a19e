import { randomInt } from 'node:crypto'
import type { Found } from '../anomalies/alarm.ts'
import { rhythmOf } from '../anomalies/causes.ts'
import { ANOMALY, scoreReading } from '../anomalies/detector.ts'
import { endSilences } from '../anomalies/end-silences.ts'
import { recordAnomalies } from '../anomalies/record-anomalies.ts'
import { besidesGap, hear } from '../anomalies/silence.ts'
import { withModel } from '../models/surprise.ts'
import type { ReadingWork } from '../tables.ts'
import { blocksOf } from './block.ts'
import { packChunk, unpackChunks } from './chunk.ts'
import { lockStates, remember, type LiveState } from './lock-states.ts'
import {
  ACCEPTED,
  DUPLICATE,
  newVerdicts,
  refuse,
  rowsBySensor,
  summed,
  type Ingested,
  type ReadingColumns,
  type Verdicts,
} from './reading-columns.ts'
import { isGood, markOf, newSeries, scoreByte, sliceOf, type Quality, type Series } from './series.ts'
import { takeLate, type LateRows } from './take-late.ts'
import { writeStates, type BlockOf } from './write-states.ts'

/** `correction`: another value at a time that has one replaces it, and the earlier one is kept as a revision. */
export type IngestOptions = { correction?: boolean }

/** A longer tail becomes a block: its row of state stays below a quarter of a page. */
const TAIL_BYTES = 1_200
/** And so does one that so many readings came to at once, however few bytes they take. */
const MANY = 512

/** Writes readings and says of each what became of it. Rows that are refused never lose the others. */
export async function judgeReadings(
  work: ReadingWork,
  columns: ReadingColumns,
  { correction = false }: IngestOptions = {},
): Promise<Verdicts> {
  const verdicts = newVerdicts(columns.index.length)
  const groups = rowsBySensor(columns, verdicts, work.now.getTime())
  const states = await lockStates(work, groups.keys())
  const written: LiveState[] = []
  const fresh = new Map<string, Series>()
  const late: LateRows[] = []
  const found: Found[] = []
  const speaking: string[] = []
  for (const [id, rows] of groups) {
    const state = states.get(id)
    if (state === undefined) {
      for (const row of rows) refuse(verdicts, columns, row, 'plant_ops.unknown_sensor')
      continue
    }
    const before = beginOf(state, rows, columns)
    // Before what is new changes the state: late ones belong to what was there.
    const gone = before === 0 ? 0 : countGone(state, rows, columns)
    for (const row of rows.slice(0, gone)) refuse(verdicts, columns, row, 'plant_ops.raw_gone')
    if (before > gone) late.push({ state, rows: rows.slice(gone, before) })
    const wasSilent = state.silent
    const added = takeInTime(state, before === 0 ? rows : rows.slice(before), columns, verdicts, found)
    if (added.length > 0) {
      fresh.set(id, added)
      listen(state, added, work.now.getTime())
      if (wasSilent && !state.silent) speaking.push(id)
    }
    written.push(state)
  }
  const blocks: BlockOf[] = late.length > 0 ? await takeLate(work, late, columns, verdicts, { correction, found }) : []
  await writeAll(work, written, fresh, blocks)
  await endSilences(work, speaking)
  await recordAnomalies(work, found)
  return verdicts
}

/** Writes readings: repeated ones change nothing, late ones are marked, and what is refused is named row by row. */
export async function ingestReadings(
  work: ReadingWork,
  columns: ReadingColumns,
  options?: IngestOptions,
): Promise<Ingested> {
  return summed(await judgeReadings(work, columns, options))
}

/** How many of the rows, which are in the order of time, are not newer than what the sensor has. */
function beginOf({ last_ms }: LiveState, rows: readonly number[], { at_ms }: ReadingColumns): number {
  if (last_ms === null) return 0
  let place = 0
  while (place < rows.length && at_ms[rows[place]!]! <= last_ms) place += 1
  return place
}

/** How many of them are of a time of which no readings are kept any more; the newest reading always is. */
function countGone({ raw_from_ms }: LiveState, rows: readonly number[], { at_ms }: ReadingColumns): number {
  if (raw_from_ms === null) return 0
  let place = 0
  while (place < rows.length && at_ms[rows[place]!]! < raw_from_ms) place += 1
  return place
}

/** Scores what is newer than all before, in the order of time, and moves the state on. */
function takeInTime(
  state: LiveState,
  rows: readonly number[],
  { at_ms, value, quality, ...columns }: ReadingColumns,
  verdicts: Verdicts,
  found: Found[],
): Series {
  const series = newSeries(rows.length)
  let length = 0
  for (const row of rows) {
    const at = at_ms[row]!
    const one = value[row]! + 0
    const mark = markOf(quality[row] as Quality, false, false)
    if (length > 0 && at === series.at_ms[length - 1]) {
      if (one === series.value[length - 1] && mark === series.mark[length - 1]) verdicts.outcome[row] = DUPLICATE
      else refuse(verdicts, { at_ms, value, quality, ...columns }, row, 'plant_ops.conflict')
      continue
    }
    const alone = scoreReading(state.detector, state, at, one, quality[row]!)
    const judged = state.model !== null && isGood(mark) ? withModel(alone, state.model, at, one) : alone
    const { sensor_id, plant_id, silent } = state
    // What ends a silence that the clock has told tells it no second time.
    const causes = silent ? besidesGap(judged.score, judged.causes, ANOMALY) : judged.causes
    if (judged.score >= ANOMALY && causes.length > 0) {
      found.push({ sensor_id, plant_id, at_ms: at, value: one, score: judged.score, causes })
    }
    if (isGood(mark)) state.silent = false
    const score = scoreByte(judged.score)
    series.at_ms[length] = state.last_ms = at
    series.value[length] = state.last_value = one
    series.score[length] = state.last_score = score
    series.mark[length] = state.last_mark = mark
    length += 1
    verdicts.outcome[row] = ACCEPTED
    verdicts.score[row] = score
  }
  return length === rows.length ? series : sliceOf(series, 0, length)
}

/** Good ones alone are heard: what a device or its gateway calls bad or stale is no news of what is measured. */
function listen(state: LiveState, { at_ms, mark, length }: Series, now_ms: number): void {
  let last = length - 1
  while (last >= 0 && !isGood(mark[last]!)) last -= 1
  if (last < 0) return
  const { pulse, overdue_ms } = hear(state.pulse, {
    good_ms: at_ms[last]!,
    now_ms,
    rhythm: rhythmOf(state.detector.hot),
  })
  state.pulse = pulse
  state.overdue_ms = overdue_ms
}

async function writeAll(
  work: ReadingWork,
  states: readonly LiveState[],
  fresh: ReadonlyMap<string, Series>,
  blocks: BlockOf[],
): Promise<void> {
  if (states.length === 0) return
  const stamp = randomInt(2 ** 48 - 1)
  const sealed = new Map<string, number>()
  for (const state of states) {
    const added = fresh.get(state.sensor_id)
    if (added !== undefined) state.tail = Buffer.concat([state.tail, packChunk(added)])
    if (state.tail.length > TAIL_BYTES || (added?.length ?? 0) >= MANY) {
      const { sensor_id, plant_id } = state
      const whole = blocksOf(unpackChunks(state.tail)).map((block) => ({ ...block, sensor_id, plant_id }))
      blocks.push(...whole)
      sealed.set(sensor_id, whole.length)
      state.tail = Buffer.alloc(0)
    }
    state.stamp = stamp
  }
  await writeStates(work, stamp, states, blocks, sealed)
  work.afterCommit(() => remember(work.tenantId, states))
}
