import { sql } from 'kysely'
import type { Owned } from '#tables'
import type { Custody } from '#platform/database/custody.ts'
import { page, type Page } from '#platform/http/shapes.ts'
import { sortTerms } from '#platform/http/sort.ts'
import { tenancyRefusals } from '#platform/tenancy/create-tenant.ts'
import { usersOf } from './own-tenant.ts'
import type { Tenant } from './schemas.ts'

type Reading = Custody<Owned<'control.tenants' | 'control.users'>>
export type TenantQuery = { limit: number; offset: number; sort?: string; q?: string; status?: string; tier?: string }
export const tenantSort = ['name', 'slug', 'status', 'tier', 'plan_expiry', 'created_at', 'updated_at'] as const

const select = ({ db }: Reading) =>
  db
    .selectFrom('control.tenants as t')
    .where('t.deleted_at', 'is', null)
    .select([
      't.id',
      't.slug',
      't.name',
      't.status',
      't.tier',
      't.isolation',
      't.plan_expiry',
      't.max_users',
      't.max_plants',
    ])
    .select(['t.configuration', 't.revision', 't.created_at', 't.updated_at', 't.created_by', 't.updated_by'])
    .select(usersOf)

const told = ({ users, ...tenant }: { users: number }): Tenant => ({ ...tenant, usage: { users } }) as Tenant

/** All companies; `q` finds parts of names and short names. */
export async function listTenants(custody: Reading, query: TenantQuery): Promise<Page<Tenant>> {
  let tenants = select(custody)
  if (query.status !== undefined) tenants = tenants.where('t.status', '=', query.status)
  if (query.tier !== undefined) tenants = tenants.where('t.tier', '=', query.tier)
  if (query.q !== undefined) {
    const text = sql`lower(ext.unaccent(t.name || ' ' || t.slug))`
    tenants = tenants.where(sql<boolean>`position(lower(ext.unaccent(${query.q})) in ${text}) > 0`)
  }
  let sorted = tenants
  for (const { field, direction } of sortTerms(query.sort, 'name'))
    sorted = sorted.orderBy(sql.ref(`t.${field}`), direction)
  const rows = await sorted.orderBy('t.id').limit(query.limit).offset(query.offset).execute()
  const counted = tenants.clearSelect().select(({ fn }) => fn.countAll<number>().as('total'))
  return page(rows.map(told), (await counted.executeTakeFirstOrThrow()).total, query)
}

/** One company, by id; `tenants.not_found`. */
export async function getTenant(custody: Reading, id: string): Promise<Tenant> {
  const row = await select(custody).where('t.id', '=', id).executeTakeFirst()
  if (row === undefined) throw tenancyRefusals.refuse('tenants.not_found')
  return told(row)
}

/** One company by its short name, as the command line names it. */
export async function getTenantBySlug(custody: Reading, slug: string): Promise<Tenant> {
  const row = await select(custody).where('t.slug', '=', slug).executeTakeFirst()
  if (row === undefined) throw tenancyRefusals.refuse('tenants.not_found')
  return told(row)
}
