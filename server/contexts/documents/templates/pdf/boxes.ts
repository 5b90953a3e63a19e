import type { Block, Border, Borders, Cell, Paragraph, Row, Table, TextStyle } from '../word/model.ts'
import { box, heightOf, placed, type Box, type Ink, type Metrics } from './ink.ts'
import { linesOf, type Fields, type Item, type LineOfText } from './lines.ts'

export type Setting = { readonly metrics: Metrics; readonly fields: Fields }

const RAISE = { no: 0, super: -0.33, sub: 0.12 } as const

/** How high a line is and how far below its top the text stands. */
function measured(
  { items }: LineOfText,
  { style, empty }: Paragraph,
  metrics: Metrics,
): { height: number; base: number } {
  const used: readonly TextStyle[] = items.length === 0 ? [empty] : items.map((one) => one.style)
  const natural = Math.max(...used.map(metrics.height))
  const ascent = Math.max(...used.map(metrics.ascent))
  const { rule, by } = style.line
  const height = rule === 'factor' ? natural * by : rule === 'exact' ? by : Math.max(natural, by)
  return { height, base: (height - natural) / 2 + ascent }
}

/** Neighbours in one style are one piece of text, so that they are read as one. */
function joined(items: readonly Item[]): Item[] {
  const found: Item[] = []
  for (const item of items) {
    const last = found.at(-1)
    if (last !== undefined && last.style === item.style && Math.abs(last.x + last.width - item.x) < 0.01) {
      found[found.length - 1] = { ...last, text: last.text + item.text, width: last.width + item.width, space: false }
    } else found.push(item)
  }
  return found
}

/** The items of a line where they stand: to the left, the middle, the right, or from edge to edge. */
function aligned(line: LineOfText, paragraph: Paragraph, width: number): { items: Item[]; shift: number } {
  const { align, right } = paragraph.style
  const last = line.items.findLast(({ space }) => !space)
  const room = width - right - (last === undefined ? line.start : last.x + last.width)
  if (align === 'center') return { items: joined(line.items), shift: room / 2 }
  if (align === 'right') return { items: joined(line.items), shift: room }
  const gaps = line.items.filter(({ space }) => space).length
  if (align !== 'both' || line.ended !== 'edge' || gaps === 0 || room <= 0 || line.leaders.length > 0) {
    return { items: joined(line.items), shift: 0 }
  }
  let added = 0
  const items = line.items.map((item) => {
    const moved = { ...item, x: item.x + added }
    if (item.space) added += room / gaps
    return moved
  })
  return { items, shift: 0 }
}

function lineInk(line: LineOfText, paragraph: Paragraph, width: number, base: number): (x: number, y: number) => Ink[] {
  const { items, shift } = aligned(line, paragraph, width)
  return (x, y) => [
    ...line.leaders.map(({ from, to, sign, style }): Ink => {
      const at = y + base + (sign === '_' ? 1.5 : 0)
      const ends = { from: [x + from + 1, at], to: [x + to - 1, at] } as const
      return { kind: 'rule', ...ends, width: 0.6, color: style.color, ...(sign !== '_' && { dashed: true }) }
    }),
    ...items.map((item): Ink => {
      const { text, style } = item
      return {
        kind: 'text',
        x: x + item.x + shift,
        y: y + base + RAISE[style.raised] * style.size,
        text,
        style,
        width: item.width,
      }
    }),
  ]
}

const ruleOf = (border: Border | null | undefined, from: [number, number], to: [number, number]): Ink[] =>
  border ? [{ kind: 'rule', from, to, width: border.width, color: border.color }] : []

/** The frame and ground of a paragraph, line by line, so that they go over a page's end with it. */
function withGround(line: Box, { style }: Paragraph, width: number, edges: { first: boolean; last: boolean }): Box {
  const { shade, borders, left, right } = style
  if (shade === null && Object.keys(borders).length === 0) return line
  const [inner, outer] = [Math.min(left, left + style.first), width - right]
  return {
    ...line,
    place: (x, y) => [
      ...(shade === null
        ? []
        : [{ kind: 'fill', x: x + inner, y, width: outer - inner, height: line.height + 0.2, color: shade } as const]),
      ...line.place(x, y),
      ...(edges.first ? ruleOf(borders.top, [x + inner, y], [x + outer, y]) : []),
      ...(edges.last ? ruleOf(borders.bottom, [x + inner, y + line.height], [x + outer, y + line.height]) : []),
      ...ruleOf(borders.left, [x + inner, y], [x + inner, y + line.height]),
      ...ruleOf(borders.right, [x + outer, y], [x + outer, y + line.height]),
    ],
  }
}

function paragraphBoxes(
  paragraph: Paragraph,
  width: number,
  setting: Setting,
  gaps: { before: number; after: number },
): Box[] {
  const { style } = paragraph
  const lines = linesOf(paragraph, width, setting.metrics, setting.fields)
  const boxes = lines.map((line, index) => {
    const { height, base } = measured(line, paragraph, setting.metrics)
    const last = index === lines.length - 1
    // Neither the first line alone at the end of a page nor the last alone at the top of one.
    const together = style.keepLines || index === 0 || index === lines.length - 2
    const made = box({
      ...{ height, place: lineInk(line, paragraph, width, base), ends: line.ended === 'page' ? 'page' : 'nothing' },
      keep: last ? style.keepNext : together && line.ended !== 'page',
    })
    return withGround(made, paragraph, width, { first: index === 0, last })
  })
  return [
    ...(style.pageBreakBefore ? [box({ height: 0, ends: 'page' })] : []),
    ...(gaps.before > 0 ? [box({ height: gaps.before, gap: true, keep: true })] : []),
    ...boxes,
    ...(gaps.after > 0 ? [box({ height: gaps.after, gap: true, keep: style.keepNext })] : []),
  ]
}

/** Boxes of blocks, one under the other, in a column so wide. */
export function boxesOf(blocks: readonly Block[], width: number, setting: Setting): Box[] {
  return blocks.flatMap((block, index) => {
    if (block.kind === 'table') return tableBoxes(block, width, setting)
    const alike = (other: Block | undefined): boolean =>
      block.style.contextual && other?.kind === 'paragraph' && other.styleId === block.styleId
    const before = alike(blocks[index - 1]) ? 0 : block.style.before
    const after = alike(blocks[index + 1]) ? 0 : block.style.after
    return paragraphBoxes(block, width, setting, { before, after })
  })
}

function columnsOf(table: Table, width: number): number[] {
  const most = Math.max(1, ...table.rows.map(({ cells }) => cells.reduce((sum, { span }) => sum + span, 0)))
  const grid = Array.from({ length: Math.max(table.grid.length, most) }, (_none, index) => table.grid[index] ?? 0)
  const [sum, room] = [grid.reduce((all, one) => all + one, 0), width - Math.max(table.indent, 0)]
  if (sum <= 0 || grid.some((one) => one <= 0)) return grid.map(() => room / grid.length)
  return sum > room + 1 ? grid.map((one) => (one * room) / sum) : grid
}

type Placed = { cell: Cell; x: number; width: number; boxes: Box[]; borders: Borders }

const innerHeight = ({ cell, boxes }: Placed): number => heightOf(boxes) + cell.margins.top + cell.margins.bottom
/** The gap at the end of a cell is the paragraph's own; at its beginning nothing is above it to be kept away from. */
const trimmed = (boxes: Box[]): Box[] =>
  boxes.filter((one, index) => !one.gap || (index > 0 && index < boxes.length - 1))

function placeCell({ cell, x: left, width, boxes, borders }: Placed, x: number, y: number, height: number): Ink[] {
  const free = height - heightOf(boxes) - cell.margins.top - cell.margins.bottom
  const down = cell.vertical === 'center' ? free / 2 : cell.vertical === 'bottom' ? free : 0
  const [from, to] = [x + left, x + left + width]
  return [
    ...(cell.shade === null ? [] : [{ kind: 'fill', x: from, y, width, height, color: cell.shade } as const]),
    ...placed(boxes, from + cell.margins.left, y + cell.margins.top + Math.max(down, 0)),
    ...ruleOf(borders.top, [from, y], [to, y]),
    ...ruleOf(borders.bottom, [from, y + height], [to, y + height]),
    ...ruleOf(borders.left, [from, y], [from, y + height]),
    ...ruleOf(borders.right, [to, y], [to, y + height]),
  ]
}

function rowBox(cells: readonly Placed[], row: Row, repeat: readonly Box[], indent: number): Box {
  const height = Math.max(row.height, ...cells.map(innerHeight), 1)
  return box({
    ...{ height, repeat, keep: row.heading },
    place: (x, y) => cells.flatMap((one) => placeCell(one, x + indent, y, height)),
    split: row.heading ? null : (room) => splitRow(cells, row, repeat, indent, room),
  })
}

/** A row that is higher than the room goes on at the top of the next page: each cell as far as its lines go. */
function splitRow(
  cells: readonly Placed[],
  row: Row,
  repeat: readonly Box[],
  indent: number,
  room: number,
): [Box, Box] | null {
  const cut = cells.map((one) => {
    let [height, count] = [one.cell.margins.top + one.cell.margins.bottom, 0]
    while (count < one.boxes.length && height + one.boxes[count]!.height <= room) height += one.boxes[count++]!.height
    return count
  })
  if (cells.some((one, index) => one.boxes.length > 0 && cut[index] === 0)) return null
  const part = (from: (index: number) => number, to: (index: number) => number | undefined): Box => {
    const parts = cells.map((one, index) => ({ ...one, boxes: trimmed(one.boxes.slice(from(index), to(index))) }))
    return rowBox(parts, { ...row, height: 0 }, repeat, indent)
  }
  return [
    part(
      () => 0,
      (index) => cut[index],
    ),
    part(
      (index) => cut[index]!,
      () => undefined,
    ),
  ]
}

function tableBoxes(table: Table, width: number, setting: Setting): Box[] {
  const columns = columnsOf(table, width)
  const whole = columns.reduce((sum, one) => sum + one, 0)
  const indent = table.align === 'right' ? width - whole : table.align === 'center' ? (width - whole) / 2 : table.indent
  const headings: Box[] = []
  return table.rows.map((row, index) => {
    let column = 0
    const cells = row.cells.map((cell): Placed => {
      const x = columns.slice(0, column).reduce((sum, one) => sum + one, 0)
      const own = columns.slice(column, column + cell.span).reduce((sum, one) => sum + one, 0)
      const edges = { first: column === 0, last: column + cell.span >= columns.length, top: index === 0 }
      column += cell.span
      const inner = Math.max(own - cell.margins.left - cell.margins.right, 10)
      const boxes = cell.merged === 'more' ? [] : trimmed(boxesOf(cell.blocks, inner, setting))
      return {
        cell,
        x,
        width: own,
        boxes,
        borders: edgesOf(cell, table, { ...edges, bottom: index === table.rows.length - 1 }),
      }
    })
    const made = rowBox(cells, row, row.heading ? [] : headings, indent)
    if (row.heading && headings.length === index) headings.push(made)
    return made
  })
}

type Edges = { first: boolean; last: boolean; top: boolean; bottom: boolean }
const side = (mine: Border | null | undefined, of: Border | null | undefined): Border | null =>
  mine === undefined ? (of ?? null) : mine

function edgesOf(cell: Cell, { borders }: Table, { first, last, top, bottom }: Edges): Borders {
  const own = cell.borders
  return {
    top: cell.merged === 'more' ? null : side(own.top, top ? borders.top : borders.insideH),
    bottom: cell.merged === 'start' ? null : side(own.bottom, bottom ? borders.bottom : borders.insideH),
    left: side(own.left, first ? borders.left : borders.insideV),
    right: side(own.right, last ? borders.right : borders.insideV),
  }
}
