import { sql } from 'kysely'
import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { identityRefusals } from '../refusals.ts'
import { readCursor, writeCursor } from './cursor.ts'
import type { AuditEntry, AuditQuery } from './schemas.ts'

type Tables = Owned<'audit' | 'control.users' | 'control.api_keys'>

/** The trail, newest first; entries of plants that one does not see are left out by the policy. */
export async function listAudit(work: Work<Tables>, query: AuditQuery): Promise<TrailPage> {
  let rows = selectEntries(work)
  for (const field of ['action', 'resource', 'resource_id', 'actor_id', 'outcome'] as const) {
    const wanted = query[field]
    if (wanted !== undefined) rows = rows.where(`e.${field}`, '=', wanted)
  }
  if (query.from !== undefined) rows = rows.where('e.at', '>=', query.from)
  if (query.to !== undefined) rows = rows.where('e.at', '<', query.to)
  return pageOf(rows, query)
}

/** What was done to one plant and to its registry; the caller has seen that the plant is there. */
export async function listPlantTrail(work: Work<Tables>, plantId: string, query: Paging): Promise<TrailPage> {
  const ofPlant = sql<boolean>`e.resource in ('plant', 'plant_registry') and e.resource_id = ${plantId}`
  return pageOf(selectEntries(work).where(ofPlant).where('e.outcome', '=', 'done'), query)
}

type Paging = { limit: number; cursor?: string }
type TrailPage = { items: AuditEntry[]; next_cursor: string | null }

async function pageOf(selected: ReturnType<typeof selectEntries>, query: Paging): Promise<TrailPage> {
  let rows = selected
  const position = query.cursor === undefined ? null : readCursor(query.cursor)
  if (query.cursor !== undefined && position === null) {
    throw identityRefusals.refuse('audit.invalid', { details: [{ field: 'cursor', message: 'is none of this list' }] })
  }
  if (position !== null) {
    rows = rows.where(sql<boolean>`(e.at, e.id) < (${position.at}::timestamptz, ${position.id}::uuid)`)
  }
  // One more than asked for tells whether there is a next page.
  const found = await rows
    .orderBy('e.at', 'desc')
    .orderBy('e.id', 'desc')
    .limit(query.limit + 1)
    .execute()
  const items = found.slice(0, query.limit)
  const last = items.at(-1)
  return { items, next_cursor: found.length > query.limit && last !== undefined ? writeCursor(last) : null }
}

const selectEntries = ({ db, tenantId }: Work<Tables>) =>
  db
    .selectFrom('audit as e')
    .leftJoin('control.users as u', (join) => join.onRef('u.id', '=', 'e.actor_id').on('u.tenant_id', '=', tenantId))
    .leftJoin('control.api_keys as k', (join) => join.onRef('k.id', '=', 'e.actor_id').on('k.tenant_id', '=', tenantId))
    .where('e.tenant_id', '=', tenantId)
    .select(['e.id', 'e.at', 'e.action', 'e.resource', 'e.resource_id', 'e.before', 'e.after'])
    .select(['e.request_id', 'e.outcome', 'e.ip', 'e.repeats'])
    .select(
      sql<AuditEntry['actor']>`jsonb_build_object('kind', e.actor_kind, 'id', e.actor_id,
        'name', coalesce(nullif(u.name || ' ' || u.surname, ' '), k.name))`.as('actor'),
    )
    .select(sql<boolean>`e.contents_erased_for is not null or e.ip_erased_for is not null`.as('erased'))
    .$castTo<AuditEntry>()
