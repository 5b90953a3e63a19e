import { type RawBuilder, sql } from 'kysely'
import { type Page, page } from '#platform/http/shapes.ts'
import { searchable } from '#platform/searchable.ts'
import type { Document } from '../schemas.ts'
import type { DocumentWork } from '../tables.ts'
import { documentConditions, documentOrder, type DocumentQuery, searchJoin } from './document-filter.ts'
import { documentColumns, documentTables } from './get-document.ts'

/** A page of documents with the number of all that match, in one statement. */
export async function listDocuments({ db, tenantId }: DocumentWork, query: DocumentQuery): Promise<Page<Document>> {
  if (query.q !== undefined && searchable(query.q) === '') return page([], 0, query)
  const matching = sql`${documentTables} ${searchJoin(query)} where ${documentConditions(tenantId, query)}`
  const count: RawBuilder<{ total: number }> = sql`select count(*)::integer as total from ${matching}`
  const { rows } = await sql<Document & { total: number }>`
    select ${documentColumns}, (${count}) as total
      from ${matching} order by ${documentOrder(query)} limit ${query.limit} offset ${query.offset}`.execute(db)
  // A page beyond the last has no row that could carry the number.
  const total = rows[0]?.total ?? (query.offset === 0 ? 0 : (await count.execute(db)).rows[0]!.total)
  return page(rows, total, query)
}
