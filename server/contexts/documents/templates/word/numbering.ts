import { paragraphStyle, textStyle } from './styles.ts'
import type { ParagraphStyle, TextStyle } from './model.ts'
import { child, childrenOf, type Element, numberOf, rootOf, valueOf } from './xml.ts'

/** A list item: what stands before it, and how far in it begins. */
export type Marker = { text: string; style: Partial<TextStyle>; paragraph: Partial<ParagraphStyle> }

const ROMAN = [
  ...([
    [1000, 'm'],
    [900, 'cm'],
    [500, 'd'],
    [400, 'cd'],
    [100, 'c'],
    [90, 'xc'],
  ] as const),
  ...([
    [50, 'l'],
    [40, 'xl'],
    [10, 'x'],
    [9, 'ix'],
    [5, 'v'],
    [4, 'iv'],
    [1, 'i'],
  ] as const),
] as const
function roman(count: number): string {
  let [left, text] = [Math.min(count, 3_999), '']
  for (const [value, sign] of ROMAN) {
    while (left >= value) [left, text] = [left - value, text + sign]
  }
  return text
}
function letters(count: number): string {
  const index = (count - 1) % 26
  return String.fromCodePoint(97 + index).repeat(Math.min(Math.floor((count - 1) / 26) + 1, 4))
}
const NUMBERS: Record<string, (count: number) => string> = {
  decimal: String,
  decimalZero: (count) => String(count).padStart(2, '0'),
  lowerLetter: letters,
  upperLetter: (count) => letters(count).toUpperCase(),
  lowerRoman: roman,
  upperRoman: (count) => roman(count).toUpperCase(),
  none: () => '',
}
// Word writes bullets as signs of fonts that only it has.
const bullet = (text: string): string => {
  if (/^[\u2013\u2014-]$/.test(text)) return '–'
  if (/^[\uf06fo]$/u.test(text)) return '◦'
  return /[☐☒☑▪■□]/u.test(text) ? text : text === '\uf0a7' ? '▪' : '•'
}

/** Counts as it is asked, in the order of the text: one of a kind for one reading of a document. */
export function countLists(xml: string | null): (numbered: Element | undefined) => Marker | null {
  const root = xml === null ? undefined : rootOf(xml, 'w:numbering')
  const kinds = new Map(childrenOf(root, 'w:abstractNum').map((one) => [one.attributes['w:abstractNumId'], one]))
  const lists = new Map(
    childrenOf(root, 'w:num').map((one) => [one.attributes['w:numId'], valueOf(one, 'w:abstractNumId')]),
  )
  const counts = new Map<string, number[]>()
  return (numbered) => {
    const id = valueOf(numbered, 'w:numId')
    const kind = kinds.get(lists.get(id))
    if (id === undefined || kind === undefined) return null
    const level = Math.min(Math.max(numberOf(valueOf(numbered, 'w:ilvl')) ?? 0, 0), 8)
    const levelOf = (at: number) => childrenOf(kind, 'w:lvl').find((one) => one.attributes['w:ilvl'] === String(at))
    const found = levelOf(level)
    if (found === undefined) return null
    const start = (at: number): number => numberOf(valueOf(levelOf(at), 'w:start')) ?? 1
    const count = counts.get(id) ?? []
    count.length = level + 1
    count[level] = (count[level] ?? start(level) - 1) + 1
    counts.set(id, count)
    const format = valueOf(found, 'w:numFmt') ?? 'decimal'
    const pattern = valueOf(found, 'w:lvlText') ?? ''
    const shown = (at: number): string =>
      (NUMBERS[valueOf(levelOf(at), 'w:numFmt') ?? 'decimal'] ?? String)(count[at] ?? start(at))
    const text =
      format === 'bullet' ? bullet(pattern) : pattern.replace(/%([1-9])/g, (_all, of) => shown(Number(of) - 1))
    return { text, style: textStyle(child(found, 'w:rPr')), paragraph: paragraphStyle(child(found, 'w:pPr')) }
  }
}
