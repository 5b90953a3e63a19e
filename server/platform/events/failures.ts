import { type Static, Type } from 'typebox'
import { sql } from 'kysely'
import type { Owned } from '#tables'
import type { EdgeCustody } from '../database/custody.ts'
import type { Work } from '../database/work.ts'
import { CursorQuery, Id, Line, Nullable, OneOf, Shape, Timestamp } from '../http/shapes.ts'
import { failureRefusals } from './failure-refusals.ts'

const State = OneOf(['retrying', 'failed', 'held'], {
  description: 'retrying: tried again by itself; failed: waits for you; held: waits for one before it, or for a move',
})
const Name = Line(100, { examples: ['webhooks.enqueue'] })

/** An event that a subscriber went on without. */
export const FailureAnswer = Type.Object(
  {
    id: Id,
    subscriber: Name,
    sequence: Type.Integer({ description: 'Of the event' }),
    type: Type.String(),
    subject: Type.String({ description: 'What the event is about' }),
    state: State,
    attempts: Type.Integer({ description: 'How many failed since it was last asked for' }),
    error: Nullable(Type.String({ description: 'Why the last one failed: a refusal’s code and message' })),
    retry_at: Timestamp,
    created_at: Timestamp,
  },
  { title: 'EventFailure' },
)
export type FailureAnswer = Static<typeof FailureAnswer>

export const FailureQuery = Shape({
  limit: CursorQuery.limit,
  cursor: Type.Optional(Id),
  state: Type.Optional(State),
  subscriber: Type.Optional(Name),
})
export type FailureQuery = Static<typeof FailureQuery>

type Tables = Owned<'control.event_failures' | 'control.event_positions' | 'control.events'>
type Page = { items: FailureAnswer[]; next_cursor: string | null }

const selectFailures = ({ db, tenantId }: Pick<Work<Tables>, 'db' | 'tenantId'>) =>
  db
    .selectFrom('control.event_failures as f')
    .innerJoin('control.event_positions as p', 'p.position', 'f.position')
    .innerJoin('control.events as e', 'e.id', 'p.event_id')
    .where('f.tenant_id', '=', tenantId)
    .select(['f.id', 'f.subscriber', 'f.sequence', 'e.type', 'f.subject', 'f.state', 'f.attempts', 'f.error'])
    .select(['f.retry_at', 'f.created_at'])
    .$castTo<FailureAnswer>()

/** What was set aside, the oldest event first; the cursor is the last one's id. */
export async function listFailures(work: Pick<Work<Tables>, 'db' | 'tenantId'>, query: FailureQuery): Promise<Page> {
  let rows = selectFailures(work)
  if (query.state !== undefined) rows = rows.where('f.state', '=', query.state)
  if (query.subscriber !== undefined) rows = rows.where('f.subscriber', '=', query.subscriber)
  if (query.cursor !== undefined) {
    rows = rows.where(sql<boolean>`(f.position, f.id) > (select c.position, c.id from control.event_failures c
      where c.tenant_id = ${work.tenantId} and c.id = ${query.cursor})`)
  }
  const found = await rows
    .orderBy('f.position')
    .orderBy('f.id')
    .limit(query.limit + 1)
    .execute()
  const items = found.slice(0, query.limit)
  return { items, next_cursor: found.length > query.limit ? (items.at(-1)?.id ?? null) : null }
}

/** One of them. */
export async function getFailure(work: Work<Tables>, id: string): Promise<FailureAnswer> {
  const row = await selectFailures(work).where('f.id', '=', id).executeTakeFirst()
  if (!row) throw failureRefusals.refuse('events.failure_not_found')
  return row
}

/** Has it tried again at once, with all its attempts; what waits behind it follows. One that is held goes on waiting. */
export async function retryFailure(work: Work<Tables>, id: string): Promise<FailureAnswer> {
  const { numUpdatedRows } = await work.db
    .updateTable('control.event_failures')
    .where('tenant_id', '=', work.tenantId)
    .where('id', '=', id)
    .set({ state: sql`case state when 'held' then state else 'retrying' end`, attempts: 0, retry_at: sql`now()` })
    .executeTakeFirst()
  if (numUpdatedRows === 0n) throw failureRefusals.refuse('events.failure_not_found')
  work.record({ action: 'events.failure_retried', resource: 'event_failure', resource_id: id })
  return getFailure(work, id)
}

/** The subscriber never gets it; what waits behind it follows. */
export async function dismissFailure(work: Work<Tables>, id: string): Promise<void> {
  const failure = await getFailure(work, id)
  await work.db
    .deleteFrom('control.event_failures')
    .where('tenant_id', '=', work.tenantId)
    .where('id', '=', id)
    .execute()
  const { subscriber, sequence } = failure
  const entry = { action: 'events.failure_dismissed', resource: 'event_failure', resource_id: id }
  work.record({ ...entry, before: { subscriber, sequence } })
}

/** All that failed, of a subscriber or of every one, for whoever runs the installation. Answers with how many. */
export async function retryFailed({ db }: EdgeCustody, subscriber?: string): Promise<number> {
  const { numAffectedRows } = await sql`
    update control.event_failures set state = 'retrying', attempts = 0, retry_at = now()
     where state = 'failed' and (${subscriber ?? null}::text is null or subscriber = ${subscriber ?? null})`.execute(db)
  return Number(numAffectedRows ?? 0n)
}
