import { colorOf, bordersOf, paragraphStyle, readStyles, textStyle, type Styles } from './styles.ts'
import type * as model from './model.ts'
import { countLists, type Marker } from './numbering.ts'
import { child, childrenOf, type Element, numberOf, pointsOf, rootOf, textOf, valueOf } from './xml.ts'

/** The parts of a filled file that print; null where there is none. */
export type Parts = {
  readonly document: string
  readonly styles: string | null
  readonly numbering: string | null
  /** The relations of the document, and the part that a target names. */
  readonly relations: string | null
  readonly part: (target: string) => string | null
}

type Context = { styles: Styles; marker: (numbered: Element | undefined) => Marker | null }

const FIELD = { PAGE: 'page', NUMPAGES: 'pages' } as const
const fieldOf = (instruction: string): 'page' | 'pages' | null => {
  const [word = ''] = instruction.trim().split(/\s+/)
  return word === 'PAGE' || word === 'NUMPAGES' ? FIELD[word] : null
}

type Runs = { inlines: model.Inline[]; field: { text: string; shown: boolean } | null }

function readRun(run: Element, base: model.TextStyle, { styles }: Context, into: Runs): void {
  const properties = child(run, 'w:rPr')
  const style = { ...base, ...styles.text(valueOf(properties, 'w:rStyle') ?? null), ...textStyle(properties) }
  for (const one of run.children) {
    if (one.name === 'w:fldChar') readFieldMark(one, style, into)
    else if (one.name === 'w:instrText' && into.field !== null) into.field.text += textOf(one)
    // What a field showed when the file was saved is not what it shows here.
    else if (into.field?.shown === true && fieldOf(into.field.text) !== null) continue
    else readPiece(one, style, into)
  }
}

function readFieldMark(of: Element, style: model.TextStyle, into: Runs): void {
  const kind = of.attributes['w:fldCharType']
  if (kind === 'begin') into.field = { text: '', shown: false }
  if (kind === 'separate' && into.field !== null) into.field.shown = true
  if (kind !== 'end' || into.field === null) return
  const field = fieldOf(into.field.text)
  if (field !== null) into.inlines.push({ kind: 'field', field, style })
  into.field = null
}

function readPiece(of: Element, style: model.TextStyle, { inlines }: Runs): void {
  const text = (value: string): void => void inlines.push({ kind: 'text', text: value, style })
  if (of.name === 'w:t') {
    textOf(of)
      .split('\t')
      .forEach((piece, index) => {
        if (index > 0) inlines.push({ kind: 'tab', style })
        if (piece !== '') text(style.caps ? piece.toUpperCase() : piece)
      })
  }
  if (of.name === 'w:tab') inlines.push({ kind: 'tab', style })
  if (of.name === 'w:noBreakHyphen') text('\u2011')
  if (of.name === 'w:cr') inlines.push({ kind: 'break', style })
  if (of.name === 'w:br') {
    inlines.push(of.attributes['w:type'] === 'page' ? { kind: 'page_break' } : { kind: 'break', style })
  }
  // docx writes numbers of pages as elements of their own.
  if (of.name === 'w:pgNum') inlines.push({ kind: 'field', field: 'page', style })
}

function readInlines(of: Element, base: model.TextStyle, context: Context, into: Runs): void {
  for (const one of of.children) {
    if (one.name === 'w:r') readRun(one, base, context, into)
    else if (one.name === 'w:fldSimple') {
      const field = fieldOf(one.attributes['w:instr'] ?? '')
      if (field === null) readInlines(one, base, context, into)
      else into.inlines.push({ kind: 'field', field, style: base })
    } else if (['w:hyperlink', 'w:smartTag', 'w:ins', 'w:bdo'].includes(one.name)) readInlines(one, base, context, into)
    else if (one.name === 'w:sdt') readInlines(child(one, 'w:sdtContent') ?? one, base, context, into)
  }
}

function readParagraph(of: Element, context: Context): model.Paragraph {
  const { styles } = context
  const properties = child(of, 'w:pPr')
  const styleId = valueOf(properties, 'w:pStyle') ?? styles.usual
  const marker = context.marker(child(properties, 'w:numPr') ?? styles.numbering(styleId))
  const style: model.ParagraphStyle = {
    ...styles.plain,
    ...styles.paragraph(styleId),
    ...marker?.paragraph,
    ...paragraphStyle(properties),
  }
  const base = { ...styles.plainText, ...styles.text(styleId) }
  const into: Runs = { inlines: [], field: null }
  readInlines(of, base, context, into)
  const empty = { ...base, ...textStyle(child(properties, 'w:rPr')) }
  const shown = marker && { text: marker.text, style: { ...empty, ...marker.style } }
  return { kind: 'paragraph', style, styleId, marker: shown, inlines: into.inlines, empty }
}

const MARGINS: model.Margins = { top: 0, bottom: 0, left: 5.4, right: 5.4 }
function marginsOf(of: Element | undefined, usual: model.Margins): model.Margins {
  const side = (...names: string[]): number | undefined =>
    names.map((name) => pointsOf(child(of, name)?.attributes['w:w'])).find((one) => one !== undefined)
  return {
    ...{ top: side('w:top') ?? usual.top, bottom: side('w:bottom') ?? usual.bottom },
    ...{ left: side('w:left', 'w:start') ?? usual.left, right: side('w:right', 'w:end') ?? usual.right },
  }
}

function readCell(of: Element, margins: model.Margins, context: Context): model.Cell {
  const properties = child(of, 'w:tcPr')
  const merge = child(properties, 'w:vMerge')
  const vertical = valueOf(properties, 'w:vAlign')
  return {
    blocks: readBlocks(of, context),
    span: Math.min(Math.max(numberOf(valueOf(properties, 'w:gridSpan')) ?? 1, 1), 60),
    merged: merge === undefined ? 'no' : merge.attributes['w:val'] === 'restart' ? 'start' : 'more',
    shade: colorOf(child(properties, 'w:shd')?.attributes['w:fill']),
    borders: bordersOf(child(properties, 'w:tcBorders')),
    margins: marginsOf(child(properties, 'w:tcMar'), margins),
    vertical: vertical === 'center' || vertical === 'bottom' ? vertical : 'top',
  }
}

const flag = (of: Element | undefined, name: string): boolean => {
  const found = child(of, name)
  return found !== undefined && !['0', 'false'].includes(found.attributes['w:val'] ?? 'true')
}

function readRow(of: Element, margins: model.Margins, context: Context): model.Row {
  const properties = child(of, 'w:trPr')
  return {
    cells: of.children
      .flatMap((one) => (one.name === 'w:sdt' ? (child(one, 'w:sdtContent')?.children ?? []) : [one]))
      .filter(({ name }) => name === 'w:tc')
      .map((one) => readCell(one, margins, context)),
    ...{ heading: flag(properties, 'w:tblHeader'), whole: flag(properties, 'w:cantSplit') },
    height: pointsOf(valueOf(properties, 'w:trHeight')) ?? 0,
  }
}

function readTable(of: Element, context: Context): model.Table {
  const properties = child(of, 'w:tblPr')
  const margins = marginsOf(child(properties, 'w:tblCellMar'), MARGINS)
  const rows = of.children
    .flatMap((one) => (one.name === 'w:sdt' ? (child(one, 'w:sdtContent')?.children ?? []) : [one]))
    .filter(({ name }) => name === 'w:tr')
  const align = valueOf(properties, 'w:jc')
  return {
    kind: 'table',
    grid: childrenOf(child(of, 'w:tblGrid'), 'w:gridCol').map((one) => pointsOf(one.attributes['w:w']) ?? 0),
    rows: rows.map((row) => readRow(row, margins, context)),
    borders: {
      ...context.styles.tableBorders(valueOf(properties, 'w:tblStyle') ?? null),
      ...bordersOf(child(properties, 'w:tblBorders')),
    },
    align: align === 'center' || align === 'right' ? align : 'left',
    indent: pointsOf(child(properties, 'w:tblInd')?.attributes['w:w']) ?? 0,
  }
}

function readBlocks(of: Element, context: Context): model.Block[] {
  return of.children.flatMap((one): model.Block[] => {
    if (one.name === 'w:p') return [readParagraph(one, context)]
    if (one.name === 'w:tbl') return [readTable(one, context)]
    if (one.name === 'w:sdt') return readBlocks(child(one, 'w:sdtContent') ?? one, context)
    return []
  })
}

/** A4, and the margins that Word begins with. */
const A4 = { width: 595.28, height: 841.89 }
function sheetOf(section: Element | undefined): model.Sheet {
  const { attributes: size = {} } = child(section, 'w:pgSz') ?? {}
  const { attributes: margin = {} } = child(section, 'w:pgMar') ?? {}
  const side = (name: string, usual: number): number => Math.max(pointsOf(margin[name]) ?? usual, 0)
  const landscape = size['w:orient'] === 'landscape'
  const [width, height] = landscape ? [A4.height, A4.width] : [A4.width, A4.height]
  const sides = {
    top: side('w:top', 72),
    bottom: side('w:bottom', 72),
    left: side('w:left', 56),
    right: side('w:right', 56),
  }
  // What leaves no room to write is not what anybody meant.
  const room = sides.left + sides.right < width - 100 && sides.top + sides.bottom < height - 100
  const margins = room ? sides : { top: 72, bottom: 72, left: 56, right: 56 }
  return { width, height, margins, header: side('w:header', 35), footer: side('w:footer', 35) }
}

/** Reads what prints. All sections are printed on the sheet of the last one, always A4. */
export function readDocument(parts: Parts): model.WordDocument {
  const body = child(rootOf(parts.document, 'w:document'), 'w:body')
  const styles = readStyles(parts.styles)
  const context = (): Context => ({ styles, marker: countLists(parts.numbering) })
  const section = child(body, 'w:sectPr')
  const relations = parts.relations === null ? undefined : rootOf(parts.relations, 'Relationships')
  const margin = (kind: 'header' | 'footer', type: string): model.Block[] => {
    const id = childrenOf(section, `w:${kind}Reference`).find(({ attributes }) => attributes['w:type'] === type)
    const target = childrenOf(relations, 'Relationship').find(
      ({ attributes }) => attributes['Id'] === id?.attributes['r:id'],
    )
    const xml = target === undefined ? null : parts.part(target.attributes['Target'] ?? '')
    return xml === null ? [] : readBlocks(rootOf(xml, kind === 'header' ? 'w:hdr' : 'w:ftr'), context())
  }
  return {
    sheet: sheetOf(section),
    body: body === undefined ? [] : readBlocks(body, context()),
    ...{ header: margin('header', 'default'), footer: margin('footer', 'default') },
    first: flag(section, 'w:titlePg') ? { header: margin('header', 'first'), footer: margin('footer', 'first') } : null,
  }
}
