import { CompiledQuery, sql } from 'kysely'
import type { Found as Anomalous } from '../anomalies/alarm.ts'
import type { ReadingWork } from '../tables.ts'
import { blocksOf } from './block.ts'
import { packChunk, unpackChunks } from './chunk.ts'
import type { LiveState } from './lock-states.ts'
import { CORRECTION, DUPLICATE, LATE, refuse, type ReadingColumns, type Verdicts } from './reading-columns.ts'
import { withLate, type LateReading } from './late.ts'
import { markOf, type Quality, type Series } from './series.ts'
import type { BlockOf } from './write-states.ts'

/** Rows that are not newer than what their sensor has, in the order of time. */
export type LateRows = { state: LiveState; rows: readonly number[] }

type Found = { sensor_id: string; first_ms: number; data: Buffer }
type Revision = { sensor_id: string; plant_id: string; at_ms: number; value: number; score: number; mark: number }

/**
 * Compares what is not newer with what is there: the block, or the tail, in whose time it falls. A block takes what comes between
 * it and the next; what comes before the first goes into the first. So blocks never overlap.
 */
export async function takeLate(
  work: ReadingWork,
  late: readonly LateRows[],
  columns: ReadingColumns,
  verdicts: Verdicts,
  { correction, found: anomalous }: { correction: boolean; found: Anomalous[] },
): Promise<BlockOf[]> {
  const tails = late.map(({ state }) => unpackChunks(state.tail))
  const found = await findBlocks(work, late, tails, columns)
  const replaced: Found[] = []
  const blocks: BlockOf[] = []
  const revisions: Revision[] = []
  for (const [i, { state, rows }] of late.entries()) {
    const { sensor_id, plant_id } = state
    const own = found.get(sensor_id) ?? []
    for (const [place, readings] of placed(rows, own, tails[i]!, columns)) {
      const series = place === null ? tails[i]! : unpackChunks(place.data)
      const merged = withLate(series, readings, state, correction)
      for (const { row, outcome, score, cause } of merged.verdicts) {
        if (outcome === 'conflict') refuse(verdicts, columns, row, 'plant_ops.conflict')
        else verdicts.outcome[row] = { duplicate: DUPLICATE, late: LATE, correction: CORRECTION }[outcome]
        verdicts.score[row] = score
        if (cause !== null) {
          const reading = { at_ms: columns.at_ms[row]!, value: columns.value[row]! }
          anomalous.push({ sensor_id, plant_id, ...reading, score: 1, causes: [cause] })
        }
      }
      revisions.push(...merged.revisions.map((one) => ({ ...one, sensor_id, plant_id })))
      if (merged.series === null) continue
      if (place === null) state.tail = packChunk(merged.series)
      else {
        replaced.push(place)
        blocks.push(...blocksOf(merged.series).map((block) => ({ ...block, sensor_id, plant_id })))
      }
      newestOf(state, merged.series)
    }
  }
  await removeBlocks(work, replaced)
  await insertRevisions(work, revisions)
  return blocks
}

/** A correction of the newest reading changes what the state says of it. */
function newestOf(state: LiveState, { at_ms, value, score, mark, length }: Series): void {
  if (at_ms[length - 1] !== state.last_ms) return
  state.last_value = value[length - 1]!
  state.last_score = score[length - 1]!
  state.last_mark = mark[length - 1]!
}

/** Which block (null: the tail) each row belongs to. */
function placed(
  rows: readonly number[],
  blocks: readonly Found[],
  tail: Series,
  { at_ms, value, quality }: ReadingColumns,
): Map<Found | null, LateReading[]> {
  const places = new Map<Found | null, LateReading[]>()
  for (const row of rows) {
    const at = at_ms[row]!
    const isInTail = blocks.length === 0 || (tail.length > 0 && at >= tail.at_ms[0]!)
    const place = isInTail ? null : (blocks.findLast((block) => block.first_ms <= at) ?? blocks[0]!)
    const reading = { row, at_ms: at, value: value[row]! + 0, mark: markOf(quality[row] as Quality, false, false) }
    const others = places.get(place)
    if (others === undefined) places.set(place, [reading])
    else others.push(reading)
  }
  return places
}

const FIND = `
  select b.sensor_id, b.first_ms, b.data
    from (select distinct w.sensor_id,
                 coalesce((select max(x.first_ms) from reading_blocks x
                            where x.tenant_id = $1 and x.sensor_id = w.sensor_id and x.first_ms <= w.at),
                          (select min(x.first_ms) from reading_blocks x where x.tenant_id = $1 and x.sensor_id = w.sensor_id)) as first_ms
            from unnest($2::uuid[], $3::bigint[]) as w(sensor_id, at)) f
    join reading_blocks b on b.tenant_id = $1 and b.sensor_id = f.sensor_id and b.first_ms = f.first_ms
   order by b.sensor_id, b.first_ms`

/** The blocks in which late rows belong, of each sensor in the order of time. */
async function findBlocks(
  { db, tenantId }: ReadingWork,
  late: readonly LateRows[],
  tails: readonly Series[],
  { at_ms }: ReadingColumns,
): Promise<Map<string, Found[]>> {
  const ids: string[] = []
  const times: number[] = []
  for (const [i, { state, rows }] of late.entries()) {
    const tailFrom = tails[i]!.at_ms[0] ?? Number.POSITIVE_INFINITY
    for (const row of rows) {
      if (at_ms[row]! >= tailFrom) continue
      ids.push(state.sensor_id)
      times.push(at_ms[row]!)
    }
  }
  if (ids.length === 0) return new Map()
  const { rows } = await db.executeQuery(
    CompiledQuery.raw(FIND, [tenantId, `{${ids.join(',')}}`, `{${times.join(',')}}`]),
  )
  return Map.groupBy(rows as Found[], (row) => row.sensor_id)
}

async function removeBlocks({ db, tenantId }: ReadingWork, blocks: readonly Found[]): Promise<void> {
  if (blocks.length === 0) return
  await sql`
    delete from reading_blocks b using unnest(${blocks.map((one) => one.sensor_id)}::uuid[], ${blocks.map((one) => one.first_ms)}::bigint[])
        as gone(sensor_id, first_ms)
     where b.tenant_id = ${tenantId} and b.sensor_id = gone.sensor_id and b.first_ms = gone.first_ms`.execute(db)
}

async function insertRevisions(
  { db, tenantId, now, actor }: ReadingWork,
  revisions: readonly Revision[],
): Promise<void> {
  if (revisions.length === 0) return
  await sql`
    insert into reading_revisions (tenant_id, sensor_id, plant_id, at_ms, revision, value, score, mark, replaced_at, replaced_by)
    select ${tenantId}, g.sensor_id, g.plant_id, g.at_ms,
           row_number() over (partition by g.sensor_id, g.at_ms order by g.nth)
             + coalesce((select max(r.revision) from reading_revisions r
                          where r.tenant_id = ${tenantId} and r.sensor_id = g.sensor_id and r.at_ms = g.at_ms), 0),
           g.value, g.score, g.mark, ${now}, ${actor.id}
      from unnest(${revisions.map((one) => one.sensor_id)}::uuid[], ${revisions.map((one) => one.plant_id)}::uuid[],
                  ${revisions.map((one) => one.at_ms)}::bigint[], ${revisions.map((one) => one.value)}::float8[],
                  ${revisions.map((one) => one.score)}::smallint[], ${revisions.map((one) => one.mark)}::smallint[])
           with ordinality as g(sensor_id, plant_id, at_ms, value, score, mark, nth)`.execute(db)
}
