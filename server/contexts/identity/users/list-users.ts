import { sql } from 'kysely'
import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { page, type Page } from '#platform/http/shapes.ts'
import { sortTerms } from '#platform/http/sort.ts'
import type { User, UserStatus } from './schemas.ts'
import { selectUsers, shownStatus } from './select-users.ts'

export type UserQuery = {
  limit: number
  offset: number
  sort?: string
  q?: string
  role?: string
  status?: UserStatus
}

export const userSort = [
  'name',
  'surname',
  'email',
  'role',
  'status',
  'last_login',
  'created_at',
  'updated_at',
] as const
const columns: Record<string, string> = { email: 'a.email', status: 'status' }

/** The company's users; `q` finds parts of names and emails, without accents and with typing errors. */
export async function listUsers(
  { db, tenantId }: Work<Owned<'control.users' | 'control.accounts'>>,
  query: UserQuery,
): Promise<Page<User>> {
  let users = selectUsers(db, tenantId)
  if (query.role !== undefined) users = users.where('u.role', '=', query.role)
  if (query.status !== undefined) users = users.where(shownStatus, '=', query.status)
  if (query.q !== undefined) {
    const text = sql`lower(ext.unaccent(u.name || ' ' || u.surname || ' ' || a.email))`
    const wanted = sql`lower(ext.unaccent(${query.q}))`
    users = users.where(
      sql<boolean>`(position(${wanted} in ${text}) > 0 or ext.word_similarity(${wanted}, ${text}) > 0.5)`,
    )
  }
  let sorted = users.select(sql<number>`count(*) over ()`.as('total'))
  for (const { field, direction } of sortTerms(query.sort, 'surname,name')) {
    sorted = sorted.orderBy(sql.ref(columns[field] ?? `u.${field}`), direction)
  }
  const rows = await sorted.orderBy('u.id').limit(query.limit).offset(query.offset).execute()
  const items = rows.map(({ total: _total, ...user }) => user)
  if (rows.length > 0 || query.offset === 0) return page(items, rows[0]?.total ?? 0, query)
  const counted = users.clearSelect().select(({ fn }) => fn.countAll<number>().as('total'))
  return page(items, (await counted.executeTakeFirstOrThrow()).total, query)
}
