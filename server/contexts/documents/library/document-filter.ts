import { type RawBuilder, sql } from 'kysely'
import { type Static, Type } from 'typebox'
import { Day, Id, Line, PageQuery, Shape } from '#platform/http/shapes.ts'
import { SortBy, sortTerms } from '#platform/http/sort.ts'
import { searchable } from '#platform/searchable.ts'
import { DocumentSource, DocumentStatus, LinkKind } from '../schemas.ts'

const SORTED = [
  ...['name', 'type', 'size', 'category', 'version', 'expiry_date', 'retain_until', 'created_at', 'updated_at'],
  ...['deleted_at', 'revision', 'id'],
]
const MAY_BE_NULL = new Set(['category', 'expiry_date', 'retain_until', 'deleted_at'])

/** What a list of documents can be asked for. */
export const DocumentQuery = Shape({
  ...PageQuery,
  sort: SortBy(SORTED),
  status: Type.Optional(DocumentStatus),
  source: Type.Optional(DocumentSource),
  category: Type.Optional(Line(50)),
  plant_id: Type.Optional(Id),
  type: Type.Optional(Type.String({ pattern: '^[a-z0-9]{1,10}$', examples: ['pdf'] })),
  tag: Type.Optional(Line(50)),
  expires_before: Type.Optional({ ...Day, description: 'Whose expiry date is before this day' } as typeof Day),
  held: Type.Optional(Type.Boolean({ description: 'Whether a legal hold keeps it' })),
  linked_kind: Type.Optional(LinkKind),
  linked_id: Type.Optional({ ...Id, description: 'What it is linked to; with linked_kind or without' } as typeof Id),
  deleted: Type.Optional(Type.Boolean({ description: 'true: the trash instead, and what was purged from it' })),
})
export type DocumentQuery = Static<typeof DocumentQuery>

const SCANS = {
  scanning: ['waiting'],
  available: ['clean', 'not_scanned'],
  quarantined: ['infected'],
  failed: ['failed'],
}
const EQUAL = ['source', 'category', 'plant_id', 'type'] as const

/** The query of a search; nothing where none is asked for, or in the trash, which the search does not know. */
const sought = ({ q, deleted }: DocumentQuery): string | undefined =>
  q === undefined || deleted === true ? undefined : searchable(q)

/** The join that narrows to what a text finds, with its `score`. */
export const searchJoin = (query: DocumentQuery): RawBuilder<unknown> => {
  const text = sought(query)
  return text === undefined ? sql`` : sql`join find_documents(${text}) s on s.id = d.id`
}

/** What stands after `where`, on documents called `d` and their files called `f`. */
export function documentConditions(tenantId: string, query: DocumentQuery): RawBuilder<unknown> {
  const all: RawBuilder<unknown>[] = [
    sql`d.tenant_id = ${tenantId}`,
    query.deleted === true ? sql`d.deleted_at is not null` : sql`d.deleted_at is null`,
  ]
  for (const name of EQUAL) if (query[name] !== undefined) all.push(sql`${sql.ref(`d.${name}`)} = ${query[name]}`)
  if (query.status !== undefined) all.push(sql`f.scan = any (${SCANS[query.status]}::text[])`)
  if (query.tag !== undefined) all.push(sql`${query.tag} = any (d.tags)`)
  if (query.expires_before !== undefined) all.push(sql`d.expiry_date < ${query.expires_before}`)
  if (query.held !== undefined) all.push(sql`(d.held_at is not null) = ${query.held}`)
  if (query.q !== undefined && query.deleted === true) {
    all.push(sql`strpos(d.search_text, ${searchable(query.q)}) > 0`)
  }
  if (query.linked_kind !== undefined || query.linked_id !== undefined) {
    const kind = query.linked_kind === undefined ? sql`` : sql`and l.kind = ${query.linked_kind}`
    const target = query.linked_id === undefined ? sql`` : sql`and l.target_id = ${query.linked_id}`
    all.push(sql`exists (select from document_links l
      where l.tenant_id = d.tenant_id and l.document_id = d.id ${kind} ${target})`)
  }
  return sql.join(all, sql` and `)
}

/** What stands after `order by`: what is not known comes last, and the id decides between equals. */
export function documentOrder(query: DocumentQuery): RawBuilder<unknown> {
  if (query.sort === undefined && sought(query) !== undefined) return sql`s.score desc, d.name, d.id`
  const keys = sortTerms(query.sort, query.deleted === true ? '-deleted_at' : 'name').map(({ field, direction }) =>
    // security-ok: only names that SortBy let through come this far
    sql.raw(`d.${field} ${direction}${MAY_BE_NULL.has(field) ? ' nulls last' : ''}`),
  )
  return sql.join([...keys, sql`d.id`], sql`, `)
}
