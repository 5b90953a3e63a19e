import { wordsOf } from './words.ts'

/** A marked piece of a passage: offsets in UTF-16 units, never markup, so that nothing in a document becomes HTML. */
export type Highlight = { readonly start: number; readonly length: number }

/** More are noise to the eye. */
const MOST = 50

/** Where words stand, by their places in the index (1 is the first); neighbours become one. */
export function highlightsAt(text: string, places: readonly number[]): Highlight[] {
  const words = wordsOf(text)
  const marked: Highlight[] = []
  for (const place of [...new Set(places)].toSorted((a, b) => a - b)) {
    const word = words[place - 1]
    if (word === undefined) continue
    const last = marked.at(-1)
    const between = last && text.slice(last.start + last.length, word.start)
    if (last && between !== undefined && /^[ \u00a0]?$/.test(between)) {
      marked[marked.length - 1] = { start: last.start, length: word.start + word.length - last.start }
    } else if (marked.length < MOST) marked.push({ start: word.start, length: word.length })
  }
  return marked
}
