import { newId } from '#platform/new-id.ts'
import type { AllTables } from '#tables'
import type { Custody } from '#platform/database/custody.ts'
import type { NewEvent } from '#platform/events/event-kind.ts'

/** Who acts on companies that are not their own: a superuser by their account, or the command line. */
export type PlatformActor = {
  account_id: string | null
  /** As the company's trail tells it: its people cannot look up an account of another company. */
  told: string
  request_id: string
  ip: string | null
}

export type PlatformEntry = {
  action: string
  before?: Record<string, unknown> | null
  after?: Record<string, unknown> | null
  event: NewEvent
}

/** Writes into the trail of the company that it happened to, and says who did it. */
export async function recordInTenant(
  { db, now }: Custody<AllTables>,
  { id, schema_name }: { id: string; schema_name: string },
  by: PlatformActor,
  { action, before = null, after = null, event }: PlatformEntry,
): Promise<void> {
  const audit_id = newId()
  await db
    .withSchema(schema_name)
    .insertInto('audit')
    .values({
      ...{ tenant_id: id, id: audit_id, at: now.toISOString(), resource: 'tenant', resource_id: id, action },
      actor_kind: by.account_id === null ? 'system' : 'account',
      actor_id: by.account_id,
      before: before && JSON.stringify(before),
      after: JSON.stringify({ ...after, by: by.told }),
      request_id: by.request_id,
      ip: by.ip,
    })
    .execute()
  const { type, subject, plant_id, data } = event
  await db
    .insertInto('control.events')
    .values({ tenant_id: id, audit_id, time: now.toISOString(), type, subject, plant_id, data: JSON.stringify(data) })
    .execute()
}
