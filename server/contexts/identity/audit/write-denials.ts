import { sql } from 'kysely'
import type { Database } from '#platform/database/work.ts'
import { systemScope } from '#platform/database/system-scope.ts'
import type { Denial } from './denials.ts'

/**
 * Writes denials into a tenant's trail, or raises the count of the row that says the same of the same hour. Only a row that
 * keeps the id it came with is new, and to be chained.
 */
export async function writeDenials(database: Database, tenantId: string, denials: readonly Denial[]): Promise<void> {
  // In the order of their keys, so that two processes never wait for each other in a circle.
  const rows = denials.toSorted((a, b) => (a.fold_key < b.fold_key ? -1 : 1))
  await database.write(systemScope(tenantId, 'denied access'), async ({ db }) => {
    await sql`
      with denied as (
      insert into audit (tenant_id, id, at, outcome, actor_kind, actor_id, action, resource, after, request_id, ip,
        fold_key, repeats)
      select ${tenantId}::uuid, r.id, r.at, 'denied', r.actor_kind, r.actor_id, 'access.denied', r.resource,
             jsonb_build_object('code', r.code), r.request_id, r.ip, r.fold_key, r.repeats
        from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(id uuid, at timestamptz, actor_kind text,
          actor_id uuid, resource text, code text, request_id text, ip text, fold_key text, repeats integer)
      on conflict (tenant_id, fold_key) where fold_key is not null
      do update set repeats = audit.repeats + excluded.repeats, at = greatest(audit.at, excluded.at)
      returning id, at)
      insert into control.events (tenant_id, audit_id, time)
      select ${tenantId}::uuid, d.id, d.at from denied d
       where d.id = any (${rows.map(({ id }) => id)}::uuid[]) order by d.id`.execute(db)
  })
}
