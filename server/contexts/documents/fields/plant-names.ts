import type { PageText } from './page-fields.ts'

/** A run of words that may be a plant's name or code, where it stands first. */
export type NamePlace = { page: number; start: number; length: number }

const MOST_WORDS = 4_000
/** A plant is seldom called by more words. */
const LONGEST_RUN = 7
const [SHORTEST, LONGEST] = [4, 200]

const trimmed = (word: string): { left: number; right: number } => ({
  left: /^[^\p{L}\p{N}]*/u.exec(word)![0].length,
  right: /[^\p{L}\p{N}]{0,20}$/u.exec(word)![0].length,
})

/** What could be a name: begins with a capital or a digit; a single word besides has a capital or a digit at more than its start. */
function couldBeName(run: string, words: number): boolean {
  if (run.length < SHORTEST || run.length > LONGEST || !/^[\p{Lu}\p{N}]/u.test(run)) return false
  return words > 1
    ? /\p{L}/u.test(run)
    : /\p{L}/u.test(run) && (/\p{N}/u.test(run) || /^\p{Lu}[\p{L}'’-]{4,}$/u.test(run))
}

/** All runs of one to seven words of a line or two that could be names, in lower case with single spaces. */
export function namesIn(pages: readonly PageText[]): Map<string, NamePlace> {
  const found = new Map<string, NamePlace>()
  let left = MOST_WORDS
  for (const { page, text } of pages) {
    const words = [...text.matchAll(/\S{1,80}/gu)].slice(0, left)
    left -= words.length
    const edges = words.map(({ 0: word }) => trimmed(word))
    for (const [first, word] of words.entries()) {
      const start = word.index + edges[first]!.left
      for (let last = first; last < Math.min(words.length, first + LONGEST_RUN); last += 1) {
        const end = words[last]!.index + words[last]![0].length - edges[last]!.right
        if (end <= start) continue
        const run = text.slice(start, end).replace(/\s+/gu, ' ')
        const key = run.toLowerCase()
        if (!found.has(key) && couldBeName(run, last - first + 1)) found.set(key, { page, start, length: end - start })
      }
    }
  }
  return found
}
