import { type RawBuilder, sql } from 'kysely'
import { page, type Page } from '#platform/http/shapes.ts'
import { sortTerms } from '#platform/http/sort.ts'
import { getPlant } from '../get-plant.ts'
import type { PlantWork } from '../tables.ts'
import { stoppageColumns } from './get-stoppage.ts'
import type { Stoppage } from './schemas.ts'
import type { StoppageCategory } from './stoppage-category.ts'

export const STOPPAGE_SORTS = ['starts_at', 'category', 'created_at'] as const
export type StoppageFilter = {
  limit: number
  offset: number
  sort?: string
  from?: string
  to?: string
  category?: StoppageCategory
}

/** The declared stoppages of a live plant in scope, the latest first; `from` and `to` keep those that touch that time. */
export async function listStoppages(work: PlantWork, plantId: string, filter: StoppageFilter): Promise<Page<Stoppage>> {
  await getPlant(work, plantId)
  const { db, tenantId } = work
  const terms: RawBuilder<unknown>[] = [sql`s.tenant_id = ${tenantId}`, sql`s.plant_id = ${plantId}`]
  if (filter.category !== undefined) terms.push(sql`s.category = ${filter.category}`)
  if (filter.to !== undefined) terms.push(sql`s.starts_at < ${filter.to}::timestamptz`)
  if (filter.from !== undefined) terms.push(sql`(s.ends_at is null or s.ends_at > ${filter.from}::timestamptz)`)
  const where = sql.join(terms, sql` and `)
  const order = sortTerms(filter.sort, '-starts_at').map(
    // security-ok: one of two words
    ({ field, direction }) => sql`${sql.ref(`s.${field}`)} ${sql.raw(direction)}`,
  )
  const count = sql<{ total: number }>`select count(*)::integer as total from plant_stoppages s where ${where}`
  const { rows } = await sql<Stoppage & { total: number }>`
    select ${stoppageColumns}, (${count}) as total from plant_stoppages s where ${where}
     order by ${sql.join([...order, sql`s.id`])} limit ${filter.limit} offset ${filter.offset}`.execute(db)
  const total = rows[0]?.total ?? (filter.offset === 0 ? 0 : (await count.execute(db)).rows[0]!.total)
  return page(rows, total, filter)
}
