import { sql } from 'kysely'
import { newId } from '#platform/new-id.ts'
import type { FloorWork } from '../tables.ts'
import type { LineStatus } from './line-status.ts'

type LineOf = { id: string; plant_id: string }
export type StateRow = {
  id: string
  status: LineStatus
  reason_code: string | null
  note: string | null
  source: string
  starts_at: string
  ends_at: string | null
  recorded_at: string
  recorded_by: string | null
}
export type NewState = {
  at: number
  status: LineStatus
  reason_code: string | null
  note: string | null
  source: 'person' | 'batch'
}

/** The state that holds at an instant as it is known now; before the first of a line, none. */
export async function readStateAt({ db, tenantId }: FloorWork, line: LineOf, at: number): Promise<StateRow | null> {
  const instant = new Date(at).toISOString()
  const { rows } = await sql<StateRow>`
    select id, status, reason_code, note, source, starts_at, ends_at, recorded_at, recorded_by from line_states
     where tenant_id = ${tenantId} and line_id = ${line.id} and superseded_at is null
       and starts_at <= ${instant} and (ends_at is null or ends_at > ${instant})
     -- Read backwards along the index, it is the first that is found.
     order by starts_at desc limit 1`.execute(db)
  return rows[0] ?? null
}

async function firstStart({ db, tenantId }: FloorWork, line: LineOf): Promise<string> {
  const { rows } = await sql<{ starts_at: string }>`
    select min(starts_at) as starts_at from line_states
     where tenant_id = ${tenantId} and line_id = ${line.id} and superseded_at is null`.execute(db)
  return rows[0]!.starts_at
}

type Piece = Omit<StateRow, 'id'>
async function insert(work: FloorWork, line: LineOf, piece: Piece): Promise<void> {
  const of = { tenant_id: work.tenantId, id: newId(), plant_id: line.plant_id, line_id: line.id }
  await work.db
    .insertInto('line_states')
    .values({ ...of, ...piece })
    .execute()
}

/** Where a new state holds: from its instant to the next change that is recorded. */
export async function readStateSpan(work: FloorWork, line: LineOf, at: number): Promise<{ from: number; to: number }> {
  const row = await readStateAt(work, line, at)
  const end = row === null ? await firstStart(work, line) : row.ends_at
  return { from: at, to: end === null ? work.now.getTime() : Date.parse(end) }
}

/**
 * Says that a line is in a state from an instant on, until the next change that is recorded. In the past that corrects the
 * history: the row that held is marked as superseded and kept, and what it still says is written anew. The line is locked by
 * the caller. False: it was said already.
 */
export async function writeLineState(work: FloorWork, line: LineOf, state: NewState): Promise<boolean> {
  const at = new Date(state.at).toISOString()
  const row = await readStateAt(work, line, state.at)
  const { status, reason_code, note, source } = state
  if (row?.status === status && row.reason_code === reason_code && row.note === note) return false
  const now = work.now.toISOString()
  const said = { status, reason_code, note, source, recorded_at: now, recorded_by: work.actor.id }
  if (row === null) {
    await insert(work, line, { ...said, starts_at: at, ends_at: await firstStart(work, line) })
    return true
  }
  const { id, ...held } = row
  const starts = Date.parse(row.starts_at)
  if (row.ends_at === null && starts < state.at) {
    await sql`update line_states set ends_at = ${at} where tenant_id = ${work.tenantId} and id = ${id}`.execute(work.db)
  } else {
    await sql`update line_states set superseded_at = ${now}, superseded_by = ${work.actor.id}
               where tenant_id = ${work.tenantId} and id = ${id}`.execute(work.db)
    if (starts < state.at) await insert(work, line, { ...held, ends_at: at })
  }
  await insert(work, line, { ...said, starts_at: at, ends_at: row.ends_at })
  if (row.ends_at === null) await showCurrent(work, line, { status, reason_code, note, at })
  return true
}

type Current = { status: LineStatus; reason_code: string | null; note: string | null; at: string }
async function showCurrent(work: FloorWork, line: LineOf, { status, reason_code, note, at }: Current): Promise<void> {
  await sql`
    update lines set status = ${status}, status_since = ${at}, reason_code = ${reason_code}, status_note = ${note},
           revision = revision + 1, updated_at = ${work.now}, updated_by = ${work.actor.id}
     where tenant_id = ${work.tenantId} and id = ${line.id}`.execute(work.db)
}
