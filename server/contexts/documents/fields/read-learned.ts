import { sql } from 'kysely'
import type { Learned } from './learned-category.ts'
import type { CueCounts } from './roles.ts'
import type { Role } from './finding.ts'
import type { FieldWork } from './tables.ts'

/** What the company's judgements say of these words before dates and amounts; keys are kind and cue with a space between. */
export async function readCues({ db, tenantId }: FieldWork, cues: readonly string[]): Promise<CueCounts> {
  const { rows } = await sql<{ kind: string; cue: string; role: Role | ''; times: number }>`
    select kind, cue, role, times from field_cues
     where tenant_id = ${tenantId} and kind in ('date', 'amount') and cue = any (${[...new Set(cues)]}::text[]) and times > 0`.execute(
    db,
  )
  const counts = new Map<string, Map<Role | '', number>>()
  for (const { kind, cue, role, times } of rows) {
    const key = `${kind} ${cue}`
    counts.set(key, (counts.get(key) ?? new Map<Role | '', number>()).set(role, times))
  }
  return counts
}

/** What the company's examples say of these words. */
export async function readLearned({ db, tenantId }: FieldWork, words: readonly string[]): Promise<Learned> {
  const { rows } = await sql<{ category: string; word: string; examples: number }>`
    select category, word, examples from category_words
     where tenant_id = ${tenantId} and word = any (${['', ...words]}::text[]) and examples > 0`.execute(db)
  const [examples, tokens] = [new Map<string, number>(), new Map<string, Map<string, number>>()]
  for (const { category, word, examples: count } of rows) {
    if (word === '') examples.set(category, count)
    else tokens.set(category, (tokens.get(category) ?? new Map<string, number>()).set(word, count))
  }
  return { examples, tokens }
}
