/** A piece of a page: `start` and `length` in the page's text, in UTF-16 units. */
export type Passage = {
  readonly ord: number
  readonly page: number
  readonly start: number
  readonly length: number
  readonly text: string
}

/** Rises where pages are cut otherwise, or words are read otherwise: what was cut before is cut again. */
export const PASSAGE_EDITION = '1'

/** Characters. A passage is a paragraph or two: enough to be understood, little enough to be about one thing. */
const LONGEST = 1_200
const SHORTEST = 700
/** The last sentence of a passage begins the next one too, where it is no longer than this. */
const OVERLAP = 150

/** Where a text may be cut, best first: behind a paragraph, a sentence, a line, a word. */
const BREAKS = [/\n\s*\n/g, /[.!?;:][)\]"'»”’]*\s/g, /\n/g, /\s/g] as const

const isLowSurrogate = (text: string, at: number): boolean => {
  const unit = text.charCodeAt(at)
  return unit >= 0xdc00 && unit <= 0xdfff
}

/** The last place of the best kind between two; the far end where there is none. */
function breakBetween(text: string, from: number, to: number): number {
  const window = text.slice(from, to)
  for (const kind of BREAKS) {
    let last = -1
    for (const { 0: found, index } of window.matchAll(kind)) last = index + found.length
    if (last > 0) return from + last
  }
  return isLowSurrogate(text, to) ? to - 1 : to
}

/** Where the next passage begins: at the last sentence of this one, if that is short. */
function overlapFrom(text: string, start: number, end: number): number {
  const from = Math.max(start + 1, end - OVERLAP)
  const tail = text.slice(from, end).trimEnd()
  let last = -1
  for (const { 0: found, index } of tail.matchAll(BREAKS[1])) last = index + found.length
  return last < 0 ? end : from + last
}

/** What is between two places, without the spaces around it; null where nothing is. */
function trimmed(text: string, from: number, to: number): { start: number; length: number } | null {
  const piece = text.slice(from, to)
  const length = piece.trim().length
  return length === 0 ? null : { start: from + (piece.length - piece.trimStart().length), length }
}

function* piecesOf(text: string): Generator<{ start: number; length: number }> {
  for (let from = 0; from < text.length;) {
    const rest = text.length - from
    // What would leave a crumb is halved instead.
    const longest = rest > LONGEST && rest < LONGEST + SHORTEST / 2 ? Math.ceil(rest / 2) + OVERLAP : LONGEST
    const end =
      rest <= LONGEST ? text.length : breakBetween(text, from + Math.min(SHORTEST, longest - 200), from + longest)
    const piece = trimmed(text, from, end)
    if (piece) yield piece
    from = end >= text.length ? end : Math.max(from + 1, overlapFrom(text, from, end))
  }
}

/** The passages of a content, page by page: none reaches over the end of a page, so that each has one to be shown on. */
export function cutPages(pages: readonly { page: number; text: string }[]): Passage[] {
  const passages: Passage[] = []
  for (const { page, text } of pages) {
    for (const { start, length } of piecesOf(text)) {
      passages.push({ ord: passages.length, page, start, length, text: text.slice(start, start + length) })
    }
  }
  return passages
}
