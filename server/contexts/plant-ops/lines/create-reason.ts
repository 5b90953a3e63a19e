import type { Static } from 'typebox'
import { newId } from '#platform/new-id.ts'
import { violated } from '#platform/database/database-refusals.ts'
import type { FloorWork } from '../tables.ts'
import { tellReasons } from './events.ts'
import type { OwnReason } from './read-reasons.ts'
import { lineRefusals } from './refusals.ts'
import type { NewReason } from './schemas.ts'
import { PUBLIC_REASONS, reasonNamed } from './stop-reasons.ts'

/** Adds a reason of the tenant's own; a code of the public list stays what it is. A retired code is not used again. */
export async function createReason(work: FloorWork, body: Static<typeof NewReason>): Promise<OwnReason> {
  const { code, name_it, name_en, statuses, failure = false } = body
  if (reasonNamed(code, PUBLIC_REASONS) !== undefined) throw lineRefusals.refuse('lines.reason_taken')
  const id = newId()
  const { tenantId: tenant_id, actor } = work
  const at = work.now.toISOString()
  const stamps = { created_at: at, updated_at: at, created_by: actor.id, updated_by: actor.id }
  await work.db
    .insertInto('stop_reasons')
    .values({ ...{ tenant_id, id, code, name_it, name_en, statuses, failure }, ...stamps })
    .execute()
    .catch((error: unknown) => {
      if (violated(error) === null) throw error
      throw lineRefusals.refuse('lines.reason_taken', { cause: error })
    })
  const entry = { action: 'stop_reasons.created', resource: 'stop_reason', resource_id: id, after: body }
  work.record(entry, tellReasons(id, code))
  return { id, code, number: null, name_it, name_en, statuses, failure, own: true }
}

/** Retires a reason of the tenant's own: what was recorded with it keeps it. */
export async function retireReason(work: FloorWork, id: string): Promise<void> {
  const row = await work.db
    .updateTable('stop_reasons')
    .set({ retired_at: work.now.toISOString(), updated_at: work.now.toISOString(), updated_by: work.actor.id })
    .where('tenant_id', '=', work.tenantId)
    .where('id', '=', id)
    .where('retired_at', 'is', null)
    .returning('code')
    .executeTakeFirst()
  if (row === undefined) throw lineRefusals.refuse('lines.reason_not_found')
  const entry = { action: 'stop_reasons.retired', resource: 'stop_reason', resource_id: id }
  work.record(entry, tellReasons(id, row.code))
}
