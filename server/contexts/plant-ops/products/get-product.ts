import { type RawBuilder, sql } from 'kysely'
import { page, type Page } from '#platform/http/shapes.ts'
import type { FloorWork } from '../tables.ts'
import { productRefusals } from './refusals.ts'
import type { Product } from './schemas.ts'

const columns = sql`p.id, p.code, p.name, p.unit, p.ideal_cycle_time_s, p.planned_scrap_rate, p.recipe, p.revision, p.created_at, p.updated_at,
  p.created_by, p.updated_by,
  coalesce((select jsonb_agg(jsonb_build_object('line_id', c.line_id, 'ideal_cycle_time_s', c.ideal_cycle_time_s) order by c.line_id)
     from product_cycle_times c where c.tenant_id = p.tenant_id and c.product_id = p.id), '[]') as cycle_times`

/** A live product; of its cycle times those of lines in scope. */
export async function getProduct({ db, tenantId }: FloorWork, id: string): Promise<Product> {
  const { rows } = await sql<Product>`
    select ${columns} from products p where p.tenant_id = ${tenantId} and p.id = ${id} and p.deleted_at is null`.execute(
    db,
  )
  if (rows[0] === undefined) throw productRefusals.refuse('products.not_found')
  return rows[0]
}

/** The product that a code names, whatever its case; null where there is none. */
export async function findProduct({ db, tenantId }: FloorWork, code: string): Promise<Product | null> {
  const { rows } = await sql<Product>`
    select ${columns} from products p
     where p.tenant_id = ${tenantId} and lower(p.code) = lower(${code}) and p.deleted_at is null`.execute(db)
  return rows[0] ?? null
}

type Filter = { limit: number; offset: number; q?: string }
export async function listProducts({ db, tenantId }: FloorWork, { limit, offset, q }: Filter): Promise<Page<Product>> {
  const terms: RawBuilder<unknown>[] = [sql`p.tenant_id = ${tenantId}`, sql`p.deleted_at is null`]
  if (q !== undefined) terms.push(sql`strpos(lower(p.name || ' ' || p.code), lower(${q})) > 0`)
  const from = sql`from products p where ${sql.join(terms, sql` and `)}`
  const { rows } = await sql<Product & { total: number }>`
    select counted.total, paged.* from (select count(*)::int as total ${from}) as counted
      left join (select ${columns} ${from} order by p.code, p.id limit ${limit} offset ${offset}) as paged on true`.execute(
    db,
  )
  return page(
    rows.filter((row) => row.id !== null),
    rows[0]?.total ?? 0,
    { limit, offset },
  )
}
