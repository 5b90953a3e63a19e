import type { Inline, Paragraph, Stop, TextStyle } from '../word/model.ts'
import type { Metrics } from './ink.ts'

/** What a field shows; of the body, where the page is not known yet, the widest that is likely. */
export type Fields = { readonly page: string; readonly pages: string }

export type Item = { text: string; style: TextStyle; x: number; width: number; space: boolean }
export type Leader = { from: number; to: number; sign: string; style: TextStyle }
export type LineOfText = {
  readonly items: Item[]
  readonly leaders: Leader[]
  /** Ended by its own text, not by the edge: it is not stretched. */
  ended: 'text' | 'edge' | 'page'
  readonly start: number
}

type Atom =
  | { kind: 'word' | 'space'; text: string; style: TextStyle; width: number }
  | { kind: 'tab'; style: TextStyle }
  | { kind: 'break' }
  | { kind: 'page_break' }

function atomsOf(inlines: readonly Inline[], fields: Fields, metrics: Metrics): Atom[] {
  return inlines.flatMap((one): Atom[] => {
    if (one.kind === 'tab') return [{ kind: 'tab', style: one.style }]
    if (one.kind === 'break' || one.kind === 'page_break') return [{ kind: one.kind }]
    const { style } = one
    const text = one.kind === 'field' ? fields[one.field] : one.text.replace(/[\t\r\n]/g, ' ')
    return text
      .split(/( +)/)
      .filter((piece) => piece !== '')
      .map((piece) => ({
        kind: piece.startsWith(' ') ? 'space' : 'word',
        ...{ text: piece, style, width: metrics.width(piece, style) },
      }))
  })
}

/** A tab leads to the next stop; where there is none, every half inch. */
const HALF_INCH = 36
function stopAfter(x: number, stops: readonly Stop[], left: number): Stop {
  // The indent is a stop too: what a list item's text begins at.
  const all = [...stops, ...(left > 0 ? [{ at: left, align: 'left', leader: null } as const] : [])]
  const next = all.filter(({ at }) => at > x + 0.5).toSorted((a, b) => a.at - b.at)[0]
  return next ?? { at: (Math.floor((x + 0.5) / HALF_INCH) + 1) * HALF_INCH, align: 'left', leader: null }
}

/** How far the text behind a tab goes, up to the next one. */
function behind(atoms: readonly Atom[], from: number): number {
  let width = 0
  for (let index = from; index < atoms.length; index += 1) {
    const atom = atoms[index]!
    if (atom.kind !== 'word' && atom.kind !== 'space') break
    width += atom.width
  }
  return width
}

type Setting = { paragraph: Paragraph; width: number; metrics: Metrics }
type State = { lines: LineOfText[]; line: LineOfText; x: number }

const begin = ({ paragraph }: Setting, first: boolean): { line: LineOfText; x: number } => {
  const { left, first: more } = paragraph.style
  const start = Math.max(left + (first ? more : 0), 0)
  return { line: { items: [], leaders: [], ended: 'text', start }, x: start }
}
function endLine(state: State, setting: Setting, ended: LineOfText['ended']): void {
  state.line.ended = ended
  if (ended === 'edge') while (state.line.items.at(-1)?.space === true) state.line.items.pop()
  state.lines.push(state.line)
  Object.assign(state, begin(setting, false))
}

function put(state: State, text: string, style: TextStyle, width: number, space: boolean): void {
  state.line.items.push({ text, style, x: state.x, width, space })
  state.x += width
}

/** A word that is wider than a line is cut where it must be. */
function putWide(state: State, setting: Setting, text: string, style: TextStyle, edge: number): void {
  let piece = ''
  for (const sign of text) {
    const width = setting.metrics.width(piece + sign, style)
    if (state.x + width > edge && piece !== '') {
      put(state, piece, style, setting.metrics.width(piece, style), false)
      endLine(state, setting, 'edge')
      piece = ''
    }
    piece += sign
  }
  if (piece !== '') put(state, piece, style, setting.metrics.width(piece, style), false)
}

function putTab(
  state: State,
  { paragraph }: Setting,
  atoms: readonly Atom[],
  index: number,
  style: TextStyle,
  edge: number,
): void {
  const stop = stopAfter(state.x, paragraph.style.stops, paragraph.style.left)
  const width = behind(atoms, index + 1)
  const shift = stop.align === 'right' ? width : stop.align === 'center' ? width / 2 : 0
  const to = Math.max(Math.min(stop.at, edge) - shift, state.x)
  if (stop.leader !== null && to > state.x) state.line.leaders.push({ from: state.x, to, sign: stop.leader, style })
  state.x = to
}

/** The lines of a paragraph, in a column so wide. */
export function linesOf(paragraph: Paragraph, width: number, metrics: Metrics, fields: Fields): LineOfText[] {
  const setting = { paragraph, width, metrics }
  const atoms = atomsOf(paragraph.inlines, fields, metrics)
  const state: State = { lines: [], ...begin(setting, true) }
  const edge = width - paragraph.style.right
  if (paragraph.marker !== null && paragraph.marker.text !== '') {
    const { text, style } = paragraph.marker
    put(state, text, style, metrics.width(text, style), false)
    state.x = Math.max(state.x + 3, paragraph.style.left)
  }
  atoms.forEach((atom, index) => {
    if (atom.kind === 'break') endLine(state, setting, 'text')
    else if (atom.kind === 'page_break') endLine(state, setting, 'page')
    else if (atom.kind === 'tab') putTab(state, setting, atoms, index, atom.style, edge)
    else if (atom.kind === 'space') put(state, atom.text, atom.style, atom.width, true)
    else {
      // A word goes on in the next piece where its style changes in the middle; that it may be parted there is seldom seen.
      if (state.x + atom.width > edge + 0.01 && state.line.items.some(({ space }) => space))
        endLine(state, setting, 'edge')
      if (state.x + atom.width > edge + 0.01 && atom.width > edge - state.line.start)
        putWide(state, setting, atom.text, atom.style, edge)
      else {
        if (state.x + atom.width > edge + 0.01 && state.line.items.length > 0) endLine(state, setting, 'edge')
        put(state, atom.text, atom.style, atom.width, false)
      }
    }
  })
  endLine(state, setting, 'text')
  return state.lines
}
