import { type RawBuilder, sql } from 'kysely'
import { cutPages, PASSAGE_EDITION, type Passage } from './passage.ts'
import type { SearchWork } from './tables.ts'
import { languageOf, wordsOf } from './words.ts'

/** Passages per statement, and pages per look: 5,000 pages are read without holding them all. */
const AT_ONCE = 200
const PAGES_AT_ONCE = 100

type Counts = Map<string, { word: string; stem: string; passages: number }>
type WordRow = { word: string; stem: string; passages: number }

/** The words of passages by their stems: `spoken` one row per word of a passage, `known` its stems, found once per word. */
const spokenIn = (passages: readonly Passage[]): RawBuilder<unknown> => {
  const words = passages.map(({ text }) => wordsOf(text))
  const languages = words.map(languageOf)
  return sql`piece as (
      select * from unnest(${passages.map(({ ord }) => ord)}::integer[], ${words.map((all) => all.map(({ word }) => word).join(' '))}::text[],
                           ${languages}::text[]) as piece (ord, words, language)
    ), spoken as (
      select piece.ord, piece.language, one.word, one.place
        from piece cross join lateral unnest(string_to_array(piece.words, ' ')) with ordinality as one (word, place)
    ), known as materialized (
      select every.language, every.word, word_stems(every.word, every.language) as stems
        from (select distinct language, word from spoken) as every
    ), stemmed as (
      select spoken.ord, spoken.word, spoken.place, stem.stem
        from spoken join known on known.word = spoken.word and known.language is not distinct from spoken.language
             cross join lateral unnest(known.stems) as stem (stem)
    )`
}

function count(counts: Counts, rows: readonly WordRow[], sign: 1 | -1): void {
  for (const { word, stem, passages } of rows) {
    const key = `${word} ${stem}`
    const known = counts.get(key)
    if (known) known.passages += sign * passages
    else counts.set(key, { word, stem, passages: sign * passages })
  }
}

const COUNTED = sql`select word, stem, count(distinct ord)::integer as passages from stemmed group by word, stem`

async function insertPassages(
  { db, tenantId }: SearchWork,
  sha256: string,
  passages: readonly Passage[],
): Promise<readonly WordRow[]> {
  const each = <K extends keyof Passage>(key: K) => passages.map((one) => one[key])
  const { rows } = await sql<WordRow>`with ${spokenIn(passages)}, vector as (
      select ord, string_agg('''' || replace(replace(stem, '\\', '\\\\'), '''', '''''') || ''':' || places, ' ')::tsvector as tsv
        from (select ord, stem, string_agg(place::text, ',') as places from stemmed group by ord, stem) as placed group by ord
    ), written as (
      insert into passages (tenant_id, sha256, ord, page, start, length, text, tsv)
      select ${tenantId}, ${sha256}, one.ord, one.page, one.start, one.length, one.text, coalesce(vector.tsv, '')
        from unnest(${each('ord')}::integer[], ${each('page')}::integer[], ${each('start')}::integer[], ${each('length')}::integer[],
                    ${each('text')}::text[]) as one (ord, page, start, length, text) left join vector on vector.ord = one.ord
    ) ${COUNTED}`.execute(db)
  return rows
}

/** In the order of their key, so that two jobs of a company wait for each other and never in a circle; and last, so that it is not long. */
async function writeCounts({ db, tenantId }: SearchWork, counts: Counts): Promise<void> {
  const changed = [...counts.values()].filter(({ passages }) => passages !== 0)
  if (changed.length === 0) return
  const each = <K extends keyof WordRow>(key: K) => changed.map((one) => one[key])
  await sql`
    insert into passage_words (tenant_id, word, stem, passages)
    select ${tenantId}, word, stem, passages
      from unnest(${each('word')}::text[], ${each('stem')}::text[], ${each('passages')}::integer[]) as one (word, stem, passages)
     order by word collate "C", stem collate "C"
        on conflict (tenant_id, word, stem) do update set passages = passage_words.passages + excluded.passages`.execute(
    db,
  )
  const gone = changed.filter(({ passages }) => passages < 0)
  if (gone.length === 0) return
  await sql`delete from passage_words where tenant_id = ${tenantId} and passages <= 0
      and word = any (${gone.map(({ word }) => word)}::text[])`.execute(db)
}

async function removeAll(work: SearchWork, sha256: string, counts: Counts): Promise<void> {
  const { db, tenantId } = work
  // Whoever writes vectors of it holds this row too: what comes meanwhile would be left without the set that it refers to.
  await sql`select from passage_sets where tenant_id = ${tenantId} and sha256 = ${sha256} for update`.execute(db)
  for (let after = -1; ;) {
    const { rows } = await sql<Passage>`
      select ord, page, start, length, text from passages
       where tenant_id = ${tenantId} and sha256 = ${sha256} and ord > ${after} order by ord limit ${AT_ONCE}`.execute(
      db,
    )
    if (rows.length === 0) break
    after = rows.at(-1)!.ord
    count(counts, (await sql<WordRow>`with ${spokenIn(rows)} ${COUNTED}`.execute(db)).rows, -1)
  }
  await sql`with gone as (
      delete from passage_vectors where tenant_id = ${tenantId} and sha256 = ${sha256} returning edition, count
    ) update vector_editions e set removed = e.removed + 1, vectors = e.vectors - g.vectors
        from (select edition, sum(count) as vectors from gone group by edition) as g
       where e.tenant_id = ${tenantId} and e.edition = g.edition`.execute(db)
  await sql`delete from passages where tenant_id = ${tenantId} and sha256 = ${sha256}`.execute(db)
  await sql`delete from passage_sets where tenant_id = ${tenantId} and sha256 = ${sha256}`.execute(db)
}

/** Of what was read of a content: pages that are read again and come out the same are not cut again. */
async function digestOf({ db, tenantId }: SearchWork, sha256: string): Promise<string> {
  const { rows } = await sql<{ digest: string }>`
    select md5(coalesce(string_agg(page || ':' || md5(text), ',' order by page), '')) as digest
      from file_pages where tenant_id = ${tenantId} and sha256 = ${sha256}`.execute(db)
  return rows[0]!.digest
}

/** Takes away what a content is found by. */
export async function removePassages(work: SearchWork, sha256: string): Promise<void> {
  const counts: Counts = new Map()
  await removeAll(work, sha256, counts)
  await writeCounts(work, counts)
}

/**
 * Cuts what was read of a content into passages, in place of those that it has; answers with how many. Repeating it changes nothing: what was cut
 * by this edition from pages that are the same stays as it is, with its vectors.
 */
export async function writePassages(work: SearchWork, sha256: string): Promise<number> {
  const { db, tenantId, now } = work
  const counts: Counts = new Map()
  const { rows: here } = await sql<{ sha256: string }>`
    select sha256 from files where tenant_id = ${tenantId} and sha256 = ${sha256} and purged_at is null for update`.execute(
    db,
  )
  if (here.length === 0) {
    await removePassages(work, sha256)
    return 0
  }
  const digest = await digestOf(work, sha256)
  const { rows: cut } = await sql<{ passages: number }>`
    select passages from passage_sets where tenant_id = ${tenantId} and sha256 = ${sha256} and edition = ${PASSAGE_EDITION}
       and pages_digest = ${digest}`.execute(db)
  if (cut[0]) return cut[0].passages
  await removeAll(work, sha256, counts)
  await sql`insert into passage_sets (tenant_id, sha256, edition, pages_digest, passages, made_at)
    values (${tenantId}, ${sha256}, ${PASSAGE_EDITION}, ${digest}, 0, ${now.toISOString()})`.execute(db)
  let made = 0
  for (let after = 0; ;) {
    const { rows: pages } = await sql<{ page: number; text: string }>`
      select page, text from file_pages where tenant_id = ${tenantId} and sha256 = ${sha256} and page > ${after} order by page limit ${PAGES_AT_ONCE}`.execute(
      db,
    )
    if (pages.length === 0) break
    after = pages.at(-1)!.page
    const passages = cutPages(pages).map((one) => ({ ...one, ord: made + one.ord }))
    for (let from = 0; from < passages.length; from += AT_ONCE) {
      count(counts, await insertPassages(work, sha256, passages.slice(from, from + AT_ONCE)), 1)
    }
    made += passages.length
  }
  await sql`update passage_sets set passages = ${made} where tenant_id = ${tenantId} and sha256 = ${sha256}`.execute(db)
  await writeCounts(work, counts)
  return made
}
