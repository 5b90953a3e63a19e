import { sql } from 'kysely'
import type { Owned } from '#tables'
import type { EdgeWork, Work } from '../../database/work.ts'
import type { Outgoing } from '../../http/outgoing/outgoing.ts'
import type { KeyRing } from '../../secrets/field-encryption.ts'
import type { EventKind } from '../event-kind.ts'
import { webhookRefusals } from './webhook-refusals.ts'

/** What making and changing webhooks needs; `plantsExist` is the plants' own. */
export type WebhookDeps = {
  readonly eventKinds: readonly EventKind[]
  readonly outgoing: Outgoing
  readonly ring: KeyRing
  readonly plantsExist: (work: EdgeWork, plantIds: readonly string[]) => Promise<boolean>
}
export type Changing = Work<Owned<'control.webhooks' | 'control.tenants'>>

/** What a secret is sealed for. */
export const webhookSecretContext = (tenantId: string, column: 'secret' | 'previous_secret', id: string): string =>
  `${tenantId}:webhooks:${column}:${id}`

/** As they are stored: null is all. */
export const idsOf = (scope: 'all' | readonly string[]): string[] | null =>
  scope === 'all' ? null : [...new Set(scope.map((id) => id.toLowerCase()))]
/** The same for kinds of event, in an order that makes equal ones equal. */
export const typesOf = (types: 'all' | readonly string[]): string[] | null =>
  types === 'all' ? null : [...types].toSorted()

/** For the trail: what follows the path may open something at the receiver's. */
export const plainUrl = (url: string): string => url.replace(/\?.*$/s, '?…')

/** Refuses plants that are not there, or not seen. */
export async function checkPlants(
  work: Changing,
  { plantsExist }: WebhookDeps,
  ids: readonly string[] | null,
): Promise<void> {
  if (ids === null || (await plantsExist(work, ids))) return
  const details = [{ field: 'plant_scope', message: 'names a plant that is not there' }]
  throw webhookRefusals.refuse('webhooks.invalid', { details })
}

/** The row as it is, held until the end. */
export async function lockWebhook({ db, tenantId }: Changing, id: string) {
  const row = await db
    .selectFrom('control.webhooks')
    .select(['url', 'description', 'event_types', 'plant_ids', 'enabled', 'disabled_at', 'secret', 'revision'])
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
  if (row === undefined) throw webhookRefusals.refuse('webhooks.not_found')
  return row
}

/** Writes a change with its stamps. */
export async function setWebhook(
  { db, tenantId, now, actor }: Changing,
  id: string,
  set: Record<string, unknown>,
): Promise<void> {
  await db
    .updateTable('control.webhooks')
    .set({ ...set, revision: sql`revision + 1`, updated_at: now.toISOString(), updated_by: actor.id })
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .execute()
}
