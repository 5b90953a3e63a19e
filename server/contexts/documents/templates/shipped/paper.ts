import {
  AlignmentType,
  BorderStyle,
  Document,
  Footer,
  Header,
  HeadingLevel,
  LineRuleType,
  PageNumber,
  Paragraph,
  ShadingType,
  Table,
  TableCell,
  TableLayoutType,
  TableRow,
  Tab,
  TabStopType,
  TextRun,
  VerticalAlign,
  WidthType,
} from 'docx'
import type { Language } from '../formats.ts'

/** A text in both languages; a layout is written once. */
export type Words = (it: string, en: string) => string
export const wordsOf =
  (language: Language): Words =>
  (it, en) =>
    language === 'it' ? it : en

/** What a layout is made of. */
export type Part = Paragraph | Table

/** Twentieths of a point between the margins of an A4 sheet. */
const WIDTH = 9_800
const INK = '1F2937'
const PALE = '6B7280'
const GROUND = 'EEF1F4'
const LINE = { style: BorderStyle.SINGLE, size: 4, color: 'B6BDC7' }
const NO_LINE = { style: BorderStyle.NONE, size: 0, color: 'auto' }

type Look = { size?: number; color?: string; italics?: boolean; bold?: boolean }
/** Text with `**bold**` in it. */
function runs(text: string, look: Look = {}): TextRun[] {
  return text
    .split('**')
    .map((piece, index) => ({ piece, bold: index % 2 === 1 }))
    .filter(({ piece }) => piece !== '')
    .map(({ piece, bold }) => new TextRun({ text: piece, ...look, ...(bold && { bold }) }))
}

type Place = {
  align?: (typeof AlignmentType)[keyof typeof AlignmentType]
  before?: number
  after?: number
  keep?: boolean
}
export const text = (value: string, { align, before = 0, after = 120, keep }: Place = {}, look: Look = {}): Paragraph =>
  new Paragraph({
    ...{ children: runs(value, look), spacing: { before, after }, ...(align !== undefined && { alignment: align }) },
    ...(keep === true && { keepNext: true }),
  })
/** Running text, from edge to edge. */
export const running = (value: string): Paragraph => text(value, { align: AlignmentType.BOTH, after: 140 })
/** The same before place and date: a signature never stands alone on a page. */
export const closing = (value: string): Paragraph => text(value, { align: AlignmentType.BOTH, after: 140, keep: true })
export const small = (value: string, place: Place = {}): Paragraph =>
  text(value, { after: 60, ...place }, { size: 16, color: PALE })
export const title = (value: string, under: string | null = null): Paragraph[] => [
  new Paragraph({ heading: HeadingLevel.HEADING_1, children: runs(value), alignment: AlignmentType.CENTER }),
  ...(under === null ? [] : [text(under, { align: AlignmentType.CENTER, after: 280 }, { color: PALE })]),
]
export const section = (value: string): Paragraph =>
  new Paragraph({ heading: HeadingLevel.HEADING_2, children: runs(value) })
export const centred = (value: string): Paragraph =>
  text(value, { align: AlignmentType.CENTER, before: 120, after: 160, keep: true }, { bold: true })
export const listed = (value: string): Paragraph =>
  new Paragraph({ numbering: { reference: 'items', level: 0 }, children: runs(value), spacing: { after: 60 } })
/** A line of a template that is there only to begin or end a list or a condition. */
export const mark = (value: string): Paragraph => new Paragraph({ children: [new TextRun(value)] })
export const gap = (): Paragraph => new Paragraph({ children: [], spacing: { after: 60 } })

const cell = (value: string, width: number, { head = false, label = false, right = false } = {}): TableCell =>
  new TableCell({
    width: { size: width, type: WidthType.DXA },
    verticalAlign: head ? VerticalAlign.BOTTOM : VerticalAlign.TOP,
    ...((head || label) && { shading: { type: ShadingType.CLEAR, fill: GROUND, color: 'auto' } }),
    children: value.split('\n').map(
      (line) =>
        new Paragraph({
          children: runs(line, {
            size: head || label ? 17 : 18,
            ...(head && { bold: true }),
            ...(label && { color: PALE }),
          }),
          ...(right && { alignment: AlignmentType.RIGHT }),
        }),
    ),
  })
const table = (rows: TableRow[], widths: number[]): Table =>
  new Table({
    ...{ rows, columnWidths: widths, layout: TableLayoutType.FIXED, width: { size: WIDTH, type: WidthType.DXA } },
    margins: { marginUnitType: WidthType.DXA, top: 35, bottom: 35, left: 80, right: 80 },
    borders: { top: LINE, bottom: LINE, left: LINE, right: LINE, insideHorizontal: LINE, insideVertical: LINE },
  })

const scaled = (shares: readonly number[]): number[] => {
  const sum = shares.reduce((all, one) => all + one, 0)
  return shares.map((one) => Math.round((one * WIDTH) / sum))
}

/** Names and values, two pairs to a row. */
export function facts(pairs: readonly (readonly [label: string, value: string])[]): Table {
  const widths = scaled([17, 33, 17, 33])
  const rows = Array.from({ length: Math.ceil(pairs.length / 2) }, (_none, index) =>
    pairs.slice(index * 2, index * 2 + 2),
  )
  return table(
    rows.map((row) => {
      const [one, two = ['', '']] = row
      const cells = [one!, two].flatMap(([label, value], at) => [
        cell(label, widths[at * 2]!, { label: true }),
        cell(value, widths[at * 2 + 1]!),
      ])
      return new TableRow({ cantSplit: true, children: cells })
    }),
    widths,
  )
}

/** `share`: of the width; `right`: numbers, which stand under one another. */
export type Column = readonly [heading: string, value: string, share: number, right?: 'right']
/** A table of a list: its heading comes again on each page, a row is never parted. */
export function rowsOf(list: string, columns: readonly Column[], total: readonly string[] | null = null): Part[] {
  const widths = scaled(columns.map(([, , share]) => share))
  const right = (index: number): boolean => columns[index]![3] === 'right'
  const heading = new TableRow({
    ...{ tableHeader: true, cantSplit: true },
    children: columns.map(([head], index) => cell(head, widths[index]!, { head: true, right: right(index) })),
  })
  const items = columns.map(([, value], index) => {
    const opened = index === 0 ? `{#${list}}${value}` : value
    return cell(index === columns.length - 1 ? `${opened}{/${list}}` : opened, widths[index]!, { right: right(index) })
  })
  const sum =
    total === null
      ? []
      : [
          new TableRow({
            cantSplit: true,
            children: total.map((value, index) => cell(value, widths[index]!, { head: true, right: right(index) })),
          }),
        ]
  const none = mark(`{/${list}.any}`)
  return [
    mark(`{#${list}.any}`),
    table([heading, new TableRow({ cantSplit: true, children: items }), ...sum], widths),
    none,
  ]
}

/** Places to sign, side by side: a line, and under it who. */
export function signatures(...who: readonly string[]): Table {
  const widths = scaled(Array.from({ length: Math.max(who.length, 2) }, () => 1))
  const place = (name: string, index: number): TableCell =>
    new TableCell({
      width: { size: widths[index]!, type: WidthType.DXA },
      children: [
        new Paragraph({
          children: runs(name, { size: 18 }),
          alignment: AlignmentType.CENTER,
          keepNext: true,
          spacing: { after: 560 },
        }),
        new Paragraph({
          ...{ children: name === '' ? [] : [new TextRun({ children: [new Tab()] })], alignment: AlignmentType.LEFT },
          tabStops:
            name === '' ? [] : [{ type: TabStopType.LEFT, position: widths[index]! - 400, leader: 'underscore' }],
        }),
      ],
    })
  return new Table({
    ...{ columnWidths: widths, layout: TableLayoutType.FIXED, width: { size: WIDTH, type: WidthType.DXA } },
    rows: [
      new TableRow({
        cantSplit: true,
        children: widths.map((_width, index) => place(who[who.length === 1 ? index - 1 : index] ?? '', index)),
      }),
    ],
    borders: {
      top: NO_LINE,
      bottom: NO_LINE,
      left: NO_LINE,
      right: NO_LINE,
      insideHorizontal: NO_LINE,
      insideVertical: NO_LINE,
    },
  })
}

const style = (size: number, before: number, after: number) => ({
  run: { size, bold: true, color: INK, font: 'Arial' },
  paragraph: { spacing: { before, after }, keepNext: true },
})

type Sheet = { language: Language; name: string; head: string | null; children: Part[] }
/** An A4 sheet: who it is from at the head, its name and the number of the page at the foot. */
export function paper({ language, name, head, children }: Sheet): Document {
  const say = wordsOf(language)
  const foot = new Paragraph({
    tabStops: [{ type: TabStopType.RIGHT, position: WIDTH }],
    border: { top: { style: BorderStyle.SINGLE, size: 4, color: 'B6BDC7', space: 4 } },
    children: [
      new TextRun({ text: name, size: 15, color: PALE }),
      new TextRun({
        children: [new Tab(), say('Pagina ', 'Page '), PageNumber.CURRENT, say(' di ', ' of '), PageNumber.TOTAL_PAGES],
        size: 15,
        color: PALE,
      }),
    ],
  })
  const top = head === null ? [] : [text(head, { after: 0 }, { size: 16, color: PALE })]
  return new Document({
    ...{ title: name, creator: 'Officina', description: '', lastModifiedBy: 'Officina' },
    styles: {
      default: {
        document: {
          run: { font: 'Arial', size: 20, color: INK, language: { value: language === 'it' ? 'it-IT' : 'en-GB' } },
          paragraph: { spacing: { line: 264, lineRule: LineRuleType.AUTO } },
        },
        heading1: style(28, 120, 60),
        heading2: style(22, 260, 100),
      },
    },
    numbering: {
      config: [
        {
          reference: 'items',
          levels: [
            {
              ...{ level: 0, format: 'decimal', text: '%1.', alignment: AlignmentType.START },
              style: { paragraph: { indent: { left: 460, hanging: 340 } } },
            },
          ],
        },
      ],
    },
    sections: [
      {
        properties: {
          page: {
            size: { width: 11_906, height: 16_838 },
            margin: { top: 1_250, bottom: 1_200, left: 1_053, right: 1_053, header: 560, footer: 560 },
          },
        },
        headers: { default: new Header({ children: top }) },
        footers: { default: new Footer({ children: [foot] }) },
        children,
      },
    ],
  })
}
