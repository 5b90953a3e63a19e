import { amountsIn } from './amounts.ts'
import { authoritiesIn } from './authorities.ts'
import { codesIn, protocolsIn } from './codes.ts'
import { datesIn } from './dates.ts'
import { type Candidate, CONFIDENCE, type Finding, withoutOverlaps } from './finding.ts'
import { before, type CueCounts, cuesOf, learnedRole, roleBefore, sureness } from './roles.ts'

/** A page as far as values are looked for in it. `confidence`: of OCR, null for text that was text. */
export type PageText = { page: number; text: string; confidence: number | null }

/** Much longer than a printed page; what a text file holds beyond it is not looked at. */
export const MOST_CHARACTERS = 50_000
/** Of one content: codes and what has a role come before the rest. */
export const MOST_FIELDS = 300
/** Of one page and kind: a price list has thousands. */
const MOST_OF_A_KIND = 400
const AROUND = 70

/** A value with what its words are remembered by. */
export type Draft = Candidate & {
  page: number
  passage: string
  confidence: number
  cues: string[]
  told: number | null
}

/** The text around a value, as one line of whole words. */
export function passageOf(text: string, start: number, length: number): string {
  const [from, to] = [Math.max(0, start - AROUND), Math.min(text.length, start + length + AROUND)]
  const left = from === 0 ? text.slice(0, start) : text.slice(from, start).replace(/^\S{0,40}\s/u, '')
  const right =
    to === text.length ? text.slice(start + length) : text.slice(start + length, to).replace(/\s\S{0,40}$/u, '')
  return (left + text.slice(start, start + length) + right).replace(/\s+/gu, ' ').trim()
}

const draftOf = (one: Candidate, { page, text, confidence }: PageText, previousEnd: number): Draft => {
  const hasRoles = one.kind === 'date' || one.kind === 'amount'
  const words = hasRoles ? before(text, one.start, previousEnd) : ''
  const told = one.role === null && hasRoles ? roleBefore(one.kind, words, before(text, one.start, 0)) : null
  return {
    ...one,
    page,
    role: one.role ?? told?.role ?? null,
    passage: passageOf(text, one.start, one.length),
    confidence: CONFIDENCE[one.rule] * (confidence ?? 1),
    cues: cuesOf(words),
    told: told && sureness(told.distance),
  }
}

/** All values of one page, each with the words before it. */
export function draftsOf(given: PageText, language: string | null): Draft[] {
  const page = { ...given, text: given.text.slice(0, MOST_CHARACTERS) }
  const codes = withoutOverlaps([...codesIn(page.text), ...protocolsIn(page.text)])
  const kinds = [datesIn(page.text, language), amountsIn(page.text, language), authoritiesIn(page.text, page.page)]
  const rest = kinds.flatMap((found) =>
    // A day within a protocol number is a part of it.
    found.slice(0, MOST_OF_A_KIND).filter((one) => !codes.some((code) => overlap(code, one))),
  )
  const ends = new Map<string, number>()
  return [...codes.slice(0, MOST_OF_A_KIND), ...rest].map((one) => {
    const draft = draftOf(one, page, ends.get(one.kind) ?? 0)
    ends.set(one.kind, one.start + one.length)
    return draft
  })
}
const overlap = (a: Candidate, b: Candidate): boolean => a.start < b.start + b.length && b.start < a.start + a.length

const isPlain = ({ kind, role }: Finding): boolean => (kind === 'date' || kind === 'amount') && role === null

/** What is reported: with the roles that were learned, each value once for each of its roles, where it is surest. */
export function findingsOf(drafts: readonly Draft[], counts: CueCounts): Finding[] {
  const best = new Map<string, Finding>()
  for (const { told, ...draft } of drafts) {
    const keyed = draft.cues.map((cue) => `${draft.kind} ${cue}`)
    const learned = draft.role === 'unit_price' ? null : learnedRole(draft, keyed, counts)
    const role = learned === null ? draft.role : learned.role
    // Where only the value is said, nothing but the value can be wrong.
    const share = role === null ? 1 : Math.max(learned?.learned ? 0 : (told ?? 1), learned?.share ?? 0)
    const confidence = Math.round(draft.confidence * share * 1000) / 1000
    const one: Finding = { ...draft, role, confidence, by: learned?.learned ? 'learned' : 'rule' }
    const key = `${one.kind} ${role ?? ''} ${one.value}`
    if (one.confidence > (best.get(key)?.confidence ?? 0)) best.set(key, one)
  }
  return [...best.values()]
    .toSorted((a, b) => Number(isPlain(a)) - Number(isPlain(b)) || a.page - b.page || a.start - b.start)
    .slice(0, MOST_FIELDS)
}
