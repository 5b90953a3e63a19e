import { sql } from 'kysely'
import { page, type Page } from '#platform/http/shapes.ts'
import type { Quarantined } from './schemas.ts'
import type { ScanWork } from './tables.ts'

const WITH = 100

/** Infected contents of documents that the caller may see and that are not in the trash, latest first. */
export async function listQuarantine(
  { db, tenantId }: ScanWork,
  { limit, offset }: { limit: number; offset: number },
): Promise<Page<Quarantined>> {
  const having = sql`from document_versions v join documents d on d.tenant_id = v.tenant_id and d.id = v.document_id
      where v.tenant_id = f.tenant_id and v.sha256 = f.sha256 and d.deleted_at is null`
  const found = sql`from files f where f.tenant_id = ${tenantId} and f.scan = 'infected' and f.purged_at is null and exists (select ${having})`
  const { rows } = await sql<Quarantined & { total: number }>`
    select counted.total, paged.* from (select count(*)::int as total ${found}) as counted
      left join (select f.sha256, f.scan_detail as signature, f.scanned_at as quarantined_at, f.size, f.media_type,
                        (select jsonb_agg(to_jsonb(one)) from (
                           select d.id, d.name, d.plant_id, max(v.version) as version, bool_or(d.sha256 = f.sha256) as current ${having}
                            group by d.id, d.name, d.plant_id order by d.name, d.id limit ${WITH}) as one) as documents
                   ${found} order by f.scanned_at desc, f.sha256 limit ${limit} offset ${offset}) as paged on true`.execute(
    db,
  )
  return page(
    rows.filter((row) => row.sha256 !== null),
    rows[0]?.total ?? 0,
    { limit, offset },
  )
}
