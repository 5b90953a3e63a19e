import { plainWord, wordsOf } from './words.ts'

/** What somebody asks, taken apart. Words as they stand in the index; a phrase is its words with one space between. */
export type Query = {
  readonly words: readonly string[]
  /** The last word may be half a word: nothing was typed behind it. */
  readonly prefix: boolean
  readonly phrases: readonly string[]
  readonly without: readonly string[]
}

/** More tell nothing more; what is beyond is left out of the keyword search (and stays in what a model is asked). */
const MOST_WORDS = 16
/** `"a phrase"`, `-word`, `-"a phrase"`, or whatever stands between spaces. An open quote ends with the text. */
const TERM = /(-?)(?:"([^"]*)(?:"|$)|([^\s"]+))/gu

const joined = (text: string): string =>
  wordsOf(text)
    .map(({ word }) => word)
    .join(' ')

/**
 * Reads a query: words, `"phrases"` and `-without`. Nothing else means anything: operators of the database are letters or spaces like any other.
 * A word with a mark within (`IT-001`, «dell’impianto») is as many words as it has parts, as in the index.
 */
export function readQuery(q: string): Query {
  const [words, phrases, without]: [string[], string[], string[]] = [[], [], []]
  const text = q.replace(/[„“”«»]/gu, '"')
  for (const { 1: minus, 2: quoted, 3: bare } of text.matchAll(TERM)) {
    const said = joined(quoted ?? bare ?? '')
    if (said === '') continue
    if (minus === '-') without.push(said)
    else if (quoted !== undefined) phrases.push(said)
    else words.push(...said.split(' '))
  }
  return {
    words: [...new Set(words)].slice(0, MOST_WORDS),
    prefix: words.length > 0 && words.length <= MOST_WORDS && /[\p{L}\p{N}\p{M}]$/u.test(text) && endsWith(words, text),
    phrases: phrases.slice(0, MOST_WORDS),
    without: without.slice(0, MOST_WORDS),
  }
}

/** Whether the last word is what the text ends with, and not part of a phrase or of what must not be there. */
function endsWith(words: readonly string[], text: string): boolean {
  const last = wordsOf(text).at(-1)
  return last !== undefined && plainWord(last.word) === words.at(-1) && words.indexOf(last.word) === words.length - 1
}

/** Whether nothing is asked: spaces and marks alone, or only what must not be there. */
export const isEmpty = ({ words, phrases }: Query): boolean => words.length === 0 && phrases.length === 0

/** What a model is asked for: the text without what must not be there, of which a model would only hear that it is spoken of. */
export const meaningOf = (q: string): string =>
  q
    .replace(/[„“”«»]/gu, '"')
    .replace(TERM, (term, minus: string) => (minus === '-' ? '' : term))
    .replaceAll('"', '')
    .replace(/\s+/g, ' ')
    .trim()
