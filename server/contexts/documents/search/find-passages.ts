import { type RawBuilder, sql } from 'kysely'
import type { Hit } from './fusion.ts'
import { type Highlight, highlightsAt } from './highlights.ts'
import type { Query } from './query.ts'
import type { SearchItem, SearchQuery } from './schemas.ts'
import type { SearchWork } from './tables.ts'

export type Filter = Pick<SearchQuery, 'plant_id' | 'category' | 'type' | 'tag' | 'from' | 'to' | 'document_id'>
/** Passages by their words, best first, and the stems that stand for the words. */
export type Found = { hits: Hit[]; stems: string[] }
export type Shown = Omit<SearchItem, 'score' | 'found_by'> & Hit

const texts = (values: readonly string[]): RawBuilder<unknown> => sql`${values}::text[]`
/** The filters in the order in which the functions take them. */
const filtersOf = ({ plant_id, category, type, tag, from, to, document_id }: Filter): RawBuilder<unknown> =>
  sql`${plant_id ?? null}::uuid, ${category ?? null}::text, ${type ?? null}::text, ${tag ?? null}::text,
      ${from ?? null}::timestamptz, ${to ?? null}::timestamptz, ${document_id ?? null}::uuid[]`

/** By words: what the open scope may see and nothing else is looked at (`find_passages`, migration 0016). */
export async function findPassages(
  { db }: SearchWork,
  query: Query,
  filter: Filter,
  { each, limit }: { each: number; limit: number },
): Promise<Found> {
  const { words, prefix, phrases, without } = query
  const { rows } = await sql<Hit & { stems: string[] }>`
    select sha256, ord, stems from find_passages(${texts(words)}, ${prefix}, ${texts(phrases)}, ${texts(without)}, ${filtersOf(filter)},
                                                 ${each}, ${limit})`.execute(db)
  return { hits: rows.map(({ sha256, ord }) => ({ sha256, ord })), stems: rows[0]?.stems ?? [] }
}

export type EditionInUse = {
  edition: string
  model: string
  dimensions: number
  written: number
  removed: number
  vectors: number
}

/** The edition of vectors that answers now, and the contents that the open scope may search; null where there is none yet. */
export async function findSearched(
  { db, tenantId }: SearchWork,
  filter: Filter,
): Promise<(EditionInUse & { tenantId: string; contents: string[] }) | null> {
  const { rows } = await sql<EditionInUse & { contents: string }>`
    select edition, model, dimensions, written, removed, vectors, array_to_string(searched_contents(${filtersOf(filter)}), '') as contents
      from vector_editions where tenant_id = ${tenantId} and state = 'current'`.execute(db)
  const [row] = rows
  if (!row) return null
  return { ...row, tenantId, contents: row.contents.match(/.{64}/g) ?? [] }
}

/** Of passages that are alike in meaning, those that have every phrase and nothing that must not be there. */
export async function findKept({ db, tenantId }: SearchWork, hits: readonly Hit[], query: Query): Promise<Hit[]> {
  if (query.phrases.length === 0 && query.without.length === 0) return [...hits]
  const { rows } = await sql<Hit>`
    select h.sha256, h.ord from unnest(${hits.map((one) => one.sha256)}::text[], ${hits.map((one) => one.ord)}::integer[]) with ordinality as h (sha256, ord, place)
      join passages p on p.tenant_id = ${tenantId} and p.sha256 = h.sha256 and p.ord = h.ord
     where not exists (select from unnest(${texts(query.phrases)}) as f (phrase) where not p.tsv @@ phrase_query(f.phrase))
       and not exists (select from unnest(${texts(query.without)}) as f (phrase) where p.tsv @@ phrase_query(f.phrase))
     order by h.place`.execute(db)
  return rows
}

type Row = Omit<Shown, 'highlights'> & { places: number[] }

/** What is shown of passages: each with the newest document that has it, of those that may be seen; what may not be seen any more is left out. */
export async function findShown(
  { db, tenantId }: SearchWork,
  hits: readonly Hit[],
  filter: Filter,
  marked: { stems: readonly string[]; words: readonly string[] },
): Promise<(Shown & { highlights: Highlight[] })[]> {
  if (hits.length === 0) return []
  const { rows } = await sql<Row>`
    with wanted as (
      select distinct stem from (select unnest(${texts(marked.stems)}) as stem
        union all select unnest(word_stems(word, null)) from unnest(${texts(marked.words)}) as word) as every
    ), hit as (
      select * from unnest(${hits.map((one) => one.sha256)}::text[], ${hits.map((one) => one.ord)}::integer[]) with ordinality as h (sha256, ord, place)
    ), shown as (
      select every.sha256, array_agg(d.id order by d.created_at desc, d.id) as ids
        from (select distinct sha256 from hit) as every join documents d on d.tenant_id = ${tenantId} and d.sha256 = every.sha256
             join files f on f.tenant_id = d.tenant_id and f.sha256 = d.sha256
       where ${conditions(filter)} group by every.sha256
    )
    select h.sha256, h.ord, d.id as document_id, d.name, d.version, d.plant_id, d.category, d.type, p.page, p.start, p.text as passage,
           s.ids[2:6] as also_in,
           array(select place from unnest(p.tsv) as t (lexeme, places, weights) cross join lateral unnest(t.places) as place
                  where t.lexeme in (select stem from wanted) order by place)::integer[] as places
      from hit h join shown s on s.sha256 = h.sha256
           join documents d on d.tenant_id = ${tenantId} and d.id = s.ids[1]
           join passages p on p.tenant_id = ${tenantId} and p.sha256 = h.sha256 and p.ord = h.ord
     order by h.place`.execute(db)
  return rows.map(({ places, ...row }) => ({ ...row, highlights: highlightsAt(row.passage, places) }))
}

/** As `searched_contents` says it; besides, the policies hold. */
function conditions({ plant_id, category, type, tag, from, to, document_id }: Filter): RawBuilder<unknown> {
  const all = [
    sql`d.deleted_at is null and d.purged_at is null and f.purged_at is null and f.scan in ('clean', 'not_scanned')`,
  ]
  if (plant_id !== undefined) all.push(sql`d.plant_id = ${plant_id}`)
  if (category !== undefined) all.push(sql`d.category = ${category}`)
  if (type !== undefined) all.push(sql`d.type = ${type}`)
  if (tag !== undefined) all.push(sql`${tag} = any (d.tags)`)
  if (from !== undefined) all.push(sql`d.created_at >= ${from}`)
  if (to !== undefined) all.push(sql`d.created_at < ${to}`)
  if (document_id !== undefined) all.push(sql`d.id = any (${document_id}::uuid[])`)
  return sql.join(all, sql` and `)
}
