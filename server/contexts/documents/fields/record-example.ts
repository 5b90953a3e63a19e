import { sql } from 'kysely'
import { readPages } from './read-pages.ts'
import type { FieldWork } from './tables.ts'
import { tokensOf } from './tokens.ts'

/** The first pages say what a document is. */
export const TELLING_PAGES = 3

/**
 * Those who teach one company go one after the other: their counts are rows that they share. Rows are locked in one order by all: the content,
 * its fields, this turn, the document, its suggestions.
 */
export const takeTurn = async ({ db, tenantId }: FieldWork): Promise<void> =>
  void (await sql`select pg_advisory_xact_lock(hashtextextended(${`learning:${tenantId}`}, 0))`.execute(db))

async function countWords(
  { db, tenantId }: FieldWork,
  category: string,
  words: readonly string[],
  by: 1 | -1,
): Promise<void> {
  await sql`
    insert into category_words as c (tenant_id, category, word, examples)
    select ${tenantId}, ${category}, word, greatest(${by}::integer, 0) from unnest(${['', ...words]}::text[]) as word
        on conflict (tenant_id, word, category) do update set examples = greatest(c.examples + ${by}::integer, 0)`.execute(
    db,
  )
}

type Example = { category: string; words: string[] }
const same = (a: Example | null, b: Example | null): boolean => JSON.stringify(a) === JSON.stringify(b)

/**
 * Makes a document the example of what it now is: of its category, where a person said it; of none, where a category was suggested and
 * refused; otherwise, and where its content is gone, of nothing. What it was an example of before is taken back, so a judgement that is changed leaves no trace in the counts.
 */
export async function recordExample(work: FieldWork, documentId: string): Promise<void> {
  await takeTurn(work)
  const { db, tenantId } = work
  const { rows } = await sql<{ sha256: string; category: string | null; was: string | null; words: string[] | null }>`
    select d.sha256, e.category as was, e.words,
           case when d.purged_at is null then
             coalesce(case when d.source = 'uploaded' or s.states @> '{confirmed}' then d.category end,
                      case when s.states @> '{rejected}' then '' end) end as category
      from documents d left join category_examples e on e.tenant_id = ${tenantId} and e.document_id = d.id
     cross join lateral (select array_agg(state) as states from document_suggestions s
                          where s.tenant_id = ${tenantId} and s.document_id = d.id and s.kind = 'category') as s
     where d.tenant_id = ${tenantId} and d.id = ${documentId}`.execute(db)
  const [row] = rows
  if (row === undefined) return
  const before = row.was === null ? null : { category: row.was, words: row.words! }
  const words = row.category === null ? [] : await tellingWords(work, row.sha256)
  const after = row.category === null || words.length === 0 ? null : { category: row.category, words }
  if (same(before, after)) return
  if (before !== null) await countWords(work, before.category, before.words, -1)
  if (after === null) {
    await sql`delete from category_examples where tenant_id = ${tenantId} and document_id = ${documentId}`.execute(db)
    return
  }
  await countWords(work, after.category, after.words, 1)
  await sql`
    insert into category_examples (tenant_id, document_id, category, words) values (${tenantId}, ${documentId}, ${after.category}, ${after.words})
        on conflict (tenant_id, document_id) do update set category = excluded.category, words = excluded.words`.execute(
    db,
  )
}

const tellingWords = async (work: FieldWork, sha256: string): Promise<string[]> =>
  tokensOf((await readPages(work, sha256, TELLING_PAGES)).pages.map(({ text }) => text).join('\n'))

/** Adds to what the words before a value mean, or takes it off again; role null: none of those that there are. */
export async function recordCues(
  work: FieldWork,
  { kind, cues, role }: { kind: string; cues: readonly string[]; role: string | null },
  by: 1 | -1,
): Promise<void> {
  if (cues.length === 0) return
  await takeTurn(work)
  await sql`
    insert into field_cues as c (tenant_id, kind, cue, role, times)
    select ${work.tenantId}, ${kind}, cue, ${role ?? ''}, greatest(${by}::integer, 0) from unnest(${cues}::text[]) as cue
        on conflict (tenant_id, kind, cue, role) do update set times = greatest(c.times + ${by}::integer, 0)`.execute(
    work.db,
  )
}
