import { CATEGORIES } from './categories.ts'
import { passageOf, type PageText } from './page-fields.ts'

/** Where something that speaks for a suggestion stands. */
export type Place = { page: number; start: number; length: number; passage: string }
export type Scored = { category: string; score: number; places: Place[] }

/** As odds: what an unknown document is rather than any one of the kinds that we know. A title alone outweighs it, a usual word does not. */
export const NONE_SCORE = 3
/** A title that stands at the head of the first page is the document’s own, and counts twice. */
const TITLE_WEIGHT = 4
const HEAD = 320
/** A document says what it is early. */
const PAGES = 3
const CHARACTERS = 12_000
const SHOWN = 3

const PATTERNS = CATEGORIES.map(({ code, evidence }) => ({
  code,
  evidence: evidence.map(([weight, words]) => ({
    weight,
    pattern: new RegExp(`(?<![\\p{L}\\p{N}])(?:${words})(?![\\p{L}\\p{N}])`, 'iu'),
  })),
}))

/** What the words of the first pages say: one score for each kind that anything speaks for, with where it stands, heaviest first. */
export function scoresOf(pages: readonly PageText[]): Scored[] {
  const first = pages.slice(0, PAGES).map(({ page, text }) => ({ page, text: text.slice(0, CHARACTERS) }))
  const scored = PATTERNS.map(({ code, evidence }): Scored => {
    const hits = evidence.flatMap(({ weight, pattern }) => {
      const hit = firstHit(first, pattern)
      return hit === null
        ? []
        : [{ weight: hit.atHead && weight >= TITLE_WEIGHT ? weight * 2 : weight, place: hit.place }]
    })
    const places = hits.filter(({ weight }) => weight > 0).toSorted((a, b) => b.weight - a.weight)
    return {
      category: code,
      score: hits.reduce((sum, { weight }) => sum + weight, 0),
      places: places.slice(0, SHOWN).map(({ place }) => place),
    }
  })
  return scored.filter(({ score }) => score > 0).toSorted((a, b) => b.score - a.score)
}

function firstHit(
  pages: readonly { page: number; text: string }[],
  pattern: RegExp,
): { atHead: boolean; place: Place } | null {
  for (const { page, text } of pages) {
    const hit = pattern.exec(text)
    if (hit === null) continue
    const [start, length] = [hit.index, hit[0].length]
    return {
      atHead: page === pages[0]!.page && start < HEAD,
      place: { page, start, length, passage: passageOf(text, start, length) },
    }
  }
  return null
}

/** Scores as shares of one, `''` being none of them. */
export function sharesOf(scored: readonly Scored[]): Map<string, number> {
  const weights = new Map([
    ['', Math.exp(NONE_SCORE)],
    ...scored.map(({ category, score }) => [category, Math.exp(Math.min(score, 30))] as const),
  ])
  const sum = [...weights.values()].reduce((a, b) => a + b, 0)
  return new Map([...weights].map(([category, weight]) => [category, weight / sum]))
}
