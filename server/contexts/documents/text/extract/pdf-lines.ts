import type { WordBox } from '../page.ts'
import { MAX_PAGE_WORDS } from './bounds.ts'

/** A piece of text where it stands, in points from the upper left corner; `base` is its baseline. */
export type Piece = {
  readonly text: string
  readonly left: number
  readonly right: number
  readonly base: number
  readonly height: number
}
type Matrix = readonly number[]
type Item = { readonly str: string; readonly transform: Matrix; readonly width: number }

/** The pieces of PDF.js on its viewport (scale 1), upright ones apart from those that run up or down the margin. */
export function piecesOf(items: readonly Item[], view: Matrix): { upright: Piece[]; turned: string[] } {
  const [upright, turned]: [Piece[], string[]] = [[], []]
  const [a, b, c, d, e, f] = view as [number, number, number, number, number, number]
  for (const { str, transform, width } of items) {
    if (str.trim() === '') continue
    const [ta, tb, tc, td, te, tf] = transform as [number, number, number, number, number, number]
    const along = [a * ta + c * tb, b * ta + d * tb] as const
    const height = Math.hypot(a * tc + c * td, b * tc + d * td)
    if (along[0] <= 0 || Math.abs(along[1]) > along[0] * 0.1) {
      turned.push(str.trim())
      continue
    }
    const left = a * te + c * tf + e
    upright.push({ text: str, left, right: left + Math.abs(width), base: b * te + d * tf + f, height: height || 1 })
  }
  return { upright, turned }
}

type Line = Piece[]

/** Pieces on one baseline, from the left to the right; lines from the top to the bottom. */
function linesOf(pieces: readonly Piece[]): Line[] {
  const lines: Line[] = []
  for (const piece of pieces.toSorted((one, other) => one.base - other.base || one.left - other.left)) {
    const last = lines.at(-1)
    const near = last !== undefined && piece.base - last[0]!.base < Math.min(last[0]!.height, piece.height) * 0.5
    if (near) last.push(piece)
    else lines.push([piece])
  }
  return lines.map((line) => line.toSorted((one, other) => one.left - other.left))
}

const lettersOf = (line: Line): number => line.reduce((sum, { text }) => sum + text.length, 0)
const crosses = (line: Line, x: number): boolean => line.some(({ left, right }) => left < x - 2 && right > x + 2)

/** Prose in two columns has on both sides of the gap lines of at least so many letters, at least so often; a table rarely does. */
const [PROSE, ROWS] = [25, 8]

/** Where the gap between two columns of prose lies; null where there is none. */
function gapOf(lines: readonly Line[], width: number): number | null {
  let best: { x: number; both: number } | null = null
  for (let x = width * 0.35; x <= width * 0.65; x += width * 0.01) {
    const open = lines.filter((line) => !crosses(line, x))
    const both = open.filter((line) => {
      const left = line.filter((piece) => piece.right <= x + 2)
      return left.length > 0 && lettersOf(left) >= PROSE && lettersOf(line) - lettersOf(left) >= PROSE
    }).length
    if (both >= ROWS && both >= lines.length * 0.5 && both > (best?.both ?? 0)) best = { x, both }
  }
  return best?.x ?? null
}

/** Columns one after the other, as far down as no line runs across both; all else from the top to the bottom. */
function readingOrder(lines: readonly Line[], width: number): Line[] {
  const gap = gapOf(lines, width)
  if (gap === null) return [...lines]
  const [ordered, left, right]: [Line[], Line[], Line[]] = [[], [], []]
  const flush = (): void => {
    ordered.push(...left.splice(0), ...right.splice(0))
  }
  for (const line of lines) {
    if (crosses(line, gap)) {
      flush()
      ordered.push(line)
      continue
    }
    const before = line.filter((piece) => piece.right <= gap + 2)
    const behind = line.filter((piece) => piece.right > gap + 2)
    if (before.length > 0) left.push(before)
    if (behind.length > 0) right.push(behind)
  }
  flush()
  return ordered
}

type Set = { text: string; words: WordBox[] }
type Size = { readonly width: number; readonly height: number }

const bounded = (part: number, whole: number): number =>
  Math.max(0, Math.min(1_000, Math.round((part / whole) * 1_000)))

/** Adds a line: its words with their places. A gap like a space is a space, and one like a column a tab. */
function addLine(page: Set, line: Line, { width, height }: Size): void {
  // Where each character begins and ends; a piece gives its width to its characters in equal parts.
  const edges: (readonly [left: number, right: number])[] = []
  let [text, last]: [string, Piece | undefined] = ['', undefined]
  for (const piece of line) {
    // Bold that is made by printing twice.
    if (last !== undefined && piece.text === last.text && piece.left - last.left < 1) continue
    const gap = last === undefined ? 0 : piece.left - last.right
    const mark = gap > piece.height * 1.5 ? '\t' : gap > piece.height * 0.15 ? ' ' : ''
    if (mark !== '' && !/\s$/.test(text) && !/^\s/.test(piece.text)) {
      text += mark
      edges.push([last!.right, piece.left])
    }
    const each = (piece.right - piece.left) / piece.text.length
    for (let at = 0; at < piece.text.length; at += 1) edges.push([piece.left + each * at, piece.left + each * (at + 1)])
    text += piece.text
    last = piece
  }
  const [base, tall] = [line[0]!.base, Math.max(...line.map((piece) => piece.height))]
  for (const found of text.matchAll(/\S+/g)) {
    if (page.words.length >= MAX_PAGE_WORDS) break
    const [from, to] = [edges[found.index]![0], edges[found.index + found[0].length - 1]![1]]
    page.words.push([
      ...([page.text.length + found.index, found[0].length] as const),
      ...([bounded(from, width), bounded(base - tall * 0.8, height)] as const),
      ...([bounded(to - from, width), bounded(tall, height)] as const),
    ])
  }
  page.text += text
}

/** The text of a page in the order in which it is read, and where each word stands. Turned text comes last, without places. */
export function pageText(items: readonly Item[], view: Matrix, size: Size): Set {
  const { upright, turned } = piecesOf(items, view)
  const page: Set = { text: '', words: [] }
  let last: Line | undefined
  for (const line of readingOrder(linesOf(upright), size.width)) {
    const gap = last === undefined ? 0 : line[0]!.base - last[0]!.base
    if (last !== undefined) page.text += gap > last[0]!.height * 1.9 ? '\n\n' : '\n'
    addLine(page, line, size)
    last = line
  }
  if (turned.length > 0) page.text += `${page.text === '' ? '' : '\n\n'}${turned.join(' ')}`
  return page
}
