import { sql } from 'kysely'
import type { PlantNamed, WordsOfPlants } from '#contexts/plants'
import type { DocumentDeps } from '../deps.ts'
import { scoresOf, sharesOf, type Place } from './category-score.ts'
import { tellFound } from './events.ts'
import { judgeCategory } from './learned-category.ts'
import { draftsOf, findingsOf, type PageText, passageOf } from './page-fields.ts'
import { namesIn } from './plant-names.ts'
import { readCues, readLearned } from './read-learned.ts'
import { type ContentText, readPages } from './read-pages.ts'
import { recordExample, TELLING_PAGES } from './record-example.ts'
import {
  type CategoryFound,
  type DocumentFacts,
  type ExpiryFound,
  type PlantFound,
  suggestionsOf,
} from './suggestion.ts'
import type { FieldWork } from './tables.ts'
import { placesOfWords, tokensOf } from './tokens.ts'
import { writeFields } from './write-fields.ts'
import { writeSuggestions } from './write-suggestions.ts'

type Row = ExpiryFound & { kind: string; role: string | null }
type Document = DocumentFacts & { id: string }

/** What stands in a content, with what people said of it; what they refused is left out. */
async function fieldsOf({ db, tenantId }: FieldWork, sha256: string): Promise<Row[]> {
  const { rows } = await sql<Row>`
    select kind, role, value, coalesce(page, 1) as page, coalesce(start, 0) as start, coalesce(length, 0) as length,
           coalesce(passage, '') as passage, case state when 'found' then confidence else 1 end as confidence, by
      from file_fields where tenant_id = ${tenantId} and sha256 = ${sha256} and state <> 'rejected' order by page, start`.execute(
    db,
  )
  return rows
}

async function documentsWith({ db, tenantId }: FieldWork, sha256: string): Promise<Document[]> {
  const { rows } = await sql<Document>`
    select d.id, d.category, d.expiry_date, d.plant_id,
           array(select l.target_id from document_links l where l.tenant_id = ${tenantId} and l.document_id = d.id and l.kind = 'plant')::text[] as linked
      from documents d
     where d.tenant_id = ${tenantId} and d.sha256 = ${sha256} and d.deleted_at is null and d.purged_at is null
     order by d.id limit 500`.execute(db)
  return rows
}

/** What the rules and the company's own examples say of the kind of document. */
async function categoryOf(work: FieldWork, pages: readonly PageText[]): Promise<CategoryFound | null> {
  const telling = pages.slice(0, TELLING_PAGES)
  const words = tokensOf(telling.map(({ text }) => text).join('\n'))
  const scored = scoresOf(telling)
  const verdict = judgeCategory(words, sharesOf(scored), await readLearned(work, words))
  if (verdict === null) return null
  const ruled = scored.find(({ category }) => category === verdict.category)?.places ?? []
  return { ...verdict, places: [...ruled, ...placesOfWords(telling, verdict.words)].slice(0, 5) }
}

async function plantsOf(
  work: FieldWork,
  deps: DocumentDeps,
  pages: readonly PageText[],
  fields: readonly Row[],
): Promise<PlantFound[]> {
  const codes = (kind: string): string[] => [
    ...new Set(fields.filter((one) => one.kind === kind).map(({ value }) => value)),
  ]
  const names = namesIn(pages)
  const words: WordsOfPlants = {
    ...{ pods: codes('pod'), gaudi_codes: codes('gaudi_code'), up_codes: codes('up_code') },
    ...{ adm_license_codes: codes('adm_license_code'), names: [...names.keys()] },
  }
  const placeOf = ({ by, value }: PlantNamed): Place | undefined => {
    const named = names.get(value)
    if (by !== 'code' && by !== 'name') return fields.find((one) => one.kind === by && one.value.startsWith(value))
    const text = named && pages.find(({ page }) => page === named.page)?.text
    return text === undefined ? undefined : { ...named!, passage: passageOf(text, named!.start, named!.length) }
  }
  return (await deps.plantsNamed(work, words)).flatMap((named) => {
    const place = placeOf(named)
    if (place === undefined) return []
    const { page, start, length, passage } = place
    return [
      { id: named.id, by: named.by, words: named.value.split(' ').length, place: { page, start, length, passage } },
    ]
  })
}

async function writeFound(work: FieldWork, sha256: string, { language, pages }: ContentText): Promise<number> {
  const drafts = pages.flatMap((page) => draftsOf(page, language))
  const counts = await readCues(
    work,
    drafts.flatMap(({ cues }) => cues),
  )
  const findings = findingsOf(drafts, counts)
  await writeFields(work, sha256, findings)
  return findings.length
}

/**
 * Looks a content through, and suggests what follows for each document that has it as its current version. Harmless to repeat: it leaves
 * what follows from the text and from what the company has taught until then.
 */
export async function findFields(work: FieldWork, deps: DocumentDeps, sha256: string): Promise<void> {
  // Two that look through the same content, or somebody who adds to it, go one after the other.
  await sql`select from files where tenant_id = ${work.tenantId} and sha256 = ${sha256} for no key update`.execute(
    work.db,
  )
  const content = await readPages(work, sha256)
  const found = await writeFound(work, sha256, content)
  const documents = await documentsWith(work, sha256)
  for (const { id } of documents) await recordExample(work, id)
  const fields = await fieldsOf(work, sha256)
  const expiries = fields.filter(({ kind, role }) => kind === 'date' && role === 'expiry')
  const signs = {
    category: await categoryOf(work, content.pages),
    expiries,
    plants: await plantsOf(work, deps, content.pages, fields),
  }
  for (const document of documents) {
    const suggested = suggestionsOf(document, signs)
    await writeSuggestions(work, document.id, suggested)
    work.announce(tellFound(document, { fields: found, suggestions: suggested.length }))
  }
}
