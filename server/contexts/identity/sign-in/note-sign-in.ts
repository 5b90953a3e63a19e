import { newId } from '#platform/new-id.ts'
import { sql } from 'kysely'
import type { AuditEntry } from '#platform/database/audit-trail.ts'
import type { NewEvent } from '#platform/events/event-kind.ts'
import type { Database, EdgeWork } from '#platform/database/work.ts'
import { countedAddress } from './guess-limits.ts'
import { membershipsOf } from './memberships.ts'
import type { SignInDeps } from './sign-in-deps.ts'
import { accountScope, tenantNoteScope, type Visit } from './visit.ts'

/** Writes what an account did into the audit trail of every tenant that lets it in. */
export async function noteInEachTenant(
  database: Database,
  visit: Visit,
  accountId: string,
  entry: AuditEntry,
): Promise<void> {
  for (const tenantId of await tenantsOf(database, visit, accountId)) {
    await noteInTenant(database, visit, { tenantId, accountId }, entry)
  }
}

export const noteInTenant = (
  database: Database,
  visit: Visit,
  { tenantId, accountId }: { tenantId: string; accountId: string },
  entry: AuditEntry,
  event?: NewEvent,
): Promise<void> =>
  database.write(tenantNoteScope(visit, tenantId, accountId), (work) => {
    work.record(entry, event)
    return Promise.resolve()
  })

async function tenantsOf(database: Database, visit: Visit, accountId: string): Promise<string[]> {
  const memberships = await database.read(accountScope(visit, accountId), (work) => membershipsOf(work, accountId))
  return memberships.map((one) => one.tenant_id)
}

/**
 * A wrong password or code, in the trail of each tenant that lets the account in; what was tried on unknown names belongs
 * to no tenant and is counted only. Written after the answer, which must take the same time for both. Repeats from one
 * address within an hour are one row.
 */
export function noteFailedSignIn(
  deps: SignInDeps,
  visit: Visit,
  accountId: string,
  step: 'password' | 'second_factor',
): void {
  const { database } = deps.installation
  deps.afterwards.run('note of a failed sign-in', async () => {
    for (const tenantId of await tenantsOf(database, visit, accountId)) {
      await database.write(tenantNoteScope(visit, tenantId, accountId), (work) => foldFailure(work, accountId, step))
    }
  })
}

async function foldFailure(
  { db, now, tenantId, requestId, ip }: EdgeWork,
  accountId: string,
  step: string,
): Promise<void> {
  const hour = now.toISOString().slice(0, 13)
  const id = newId()
  const fold = `sign_in_failed:${accountId}:${countedAddress(ip ?? '')}:${step}:${hour}`
  await sql`
    with noted as (
    insert into audit (tenant_id, id, at, outcome, actor_kind, actor_id, action, resource, resource_id, after, request_id, ip, fold_key)
    values (${tenantId}, ${id}, ${now.toISOString()}, 'denied', 'account', ${accountId}, 'auth.sign_in_failed', 'account',
            ${accountId}, ${JSON.stringify({ step })}, ${requestId}, ${ip}, ${fold})
    on conflict (tenant_id, fold_key) where fold_key is not null
      do update set repeats = audit.repeats + 1, at = excluded.at
      returning id, at)
    insert into control.events (tenant_id, audit_id, time) select ${tenantId}::uuid, id, at from noted where id = ${id}::uuid`.execute(
    db,
  )
}
