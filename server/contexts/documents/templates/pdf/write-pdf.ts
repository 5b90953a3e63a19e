import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import PdfDocument from 'pdfkit'
import type { TextStyle, WordDocument } from '../word/model.ts'
import type { Ink, Metrics } from './ink.ts'
import { pagesOf } from './pages.ts'

/** What a file says of itself. `now`: of the document, so that the same inputs make the same file. */
export type About = { readonly title: string; readonly language: string; readonly author: string; readonly now: Date }

/** Four cuts of each family; the narrow ones of DejaVu, whose widths are those of other papers. */
const FILES: Record<TextStyle['family'], readonly [plain: string, bold: string, italic: string, both: string]> = {
  sans: ['SansCondensed', 'SansCondensed-Bold', 'SansCondensed-Oblique', 'SansCondensed-BoldOblique'],
  serif: ['SerifCondensed', 'SerifCondensed-Bold', 'SerifCondensed-Italic', 'SerifCondensed-BoldItalic'],
  mono: ['SansMono', 'SansMono-Bold', 'SansMono-Oblique', 'SansMono-BoldOblique'],
}
const folder = new URL('.', import.meta.resolve('dejavu-fonts-ttf/package.json'))
const cutOf = ({ family, bold, italic }: TextStyle): string => FILES[family][(bold ? 1 : 0) + (italic ? 2 : 0)]!

type Face = { ascender: number; descender: number; font: { hasGlyphForCodePoint: (point: number) => boolean } }
type Doc = PDFKit.PDFDocument & { _font: Face }

/** Signs that direct the text and take no room. */
const INVISIBLE = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu

function fontsOf(doc: Doc) {
  const known = new Map<string, Face>()
  const use = (style: TextStyle): Face => {
    const name = cutOf(style)
    if (!known.has(name)) {
      doc.registerFont(name, readFileSync(fileURLToPath(new URL(`ttf/DejaVu${name}.ttf`, folder))))
      doc.font(name)
      const { _font: face } = doc
      known.set(name, face)
    }
    doc.font(name)
    doc.fontSize(sizeOf(style))
    return known.get(name)!
  }
  return use
}
const sizeOf = ({ size, raised }: TextStyle): number => (raised === 'no' ? size : size * 0.65)
/** What Word sets between lines: the font's own heights. */
const lineOf = ({ ascender, descender }: Face): number => (ascender - descender) / 1000

function measure(doc: Doc, use: (style: TextStyle) => Face, missing: Set<string>): Metrics {
  const widths = new Map<string, number>()
  return {
    width: (raw, style) => {
      const text = raw.replace(INVISIBLE, '')
      const key = `${cutOf(style)} ${sizeOf(style)} ${text}`
      let width = widths.get(key)
      if (width === undefined) {
        const face = use(style)
        for (const sign of text) if (!face.font.hasGlyphForCodePoint(sign.codePointAt(0)!)) missing.add(sign)
        widths.set(key, (width = doc.widthOfString(text)))
      }
      return width
    },
    ascent: (style) => (use(style).ascender / 1000) * style.size,
    height: (style) => lineOf(use(style)) * style.size,
  }
}

function draw(doc: Doc, use: (style: TextStyle) => Face, ink: Ink): void {
  if (ink.kind === 'fill') {
    doc.rect(ink.x, ink.y, ink.width, ink.height).fill(ink.color)
    return
  }
  if (ink.kind === 'rule') {
    doc.save().lineWidth(ink.width).strokeColor(ink.color)
    if (ink.dashed === true) doc.dash(1, { space: 2 })
    doc
      .moveTo(...ink.from)
      .lineTo(...ink.to)
      .stroke()
      .restore()
    return
  }
  use(ink.style)
  doc.fillColor(ink.style.color)
  const { underline, strike } = ink.style
  const text = ink.text.replace(INVISIBLE, '')
  doc.text(text, ink.x, ink.y, { lineBreak: false, baseline: 'alphabetic', underline, strike })
}

/** Grounds first: what is written on them must be seen. */
const inOrder = (page: readonly Ink[]): Ink[] => [
  ...page.filter(({ kind }) => kind === 'fill'),
  ...page.filter(({ kind }) => kind !== 'fill'),
]

export type Unprintable = { readonly signs: readonly string[] }

/** A PDF with its fonts in it. Signs that no font of ours has are named, and nothing is made. */
export async function writePdf(document: WordDocument, about: About): Promise<Buffer | Unprintable> {
  const { width, height } = document.sheet
  const doc = new PdfDocument({
    ...{ size: [width, height], margin: 0, autoFirstPage: false, compress: true, pdfVersion: '1.7' },
    ...{ lang: about.language, displayTitle: true },
    info: {
      Title: about.title,
      Author: about.author,
      Creator: 'Officina',
      Producer: 'Officina',
      CreationDate: about.now,
      ModDate: about.now,
    },
    font: null as unknown as string,
  }) as Doc
  const chunks: Buffer[] = []
  const ended = new Promise<void>((resolve, reject) => {
    doc
      .on('data', (chunk: Buffer) => void chunks.push(chunk))
      .on('end', resolve)
      .on('error', reject)
  })
  const [use, missing] = [fontsOf(doc), new Set<string>()]
  const pages = pagesOf(document, measure(doc, use, missing))
  if (missing.size > 0) return { signs: [...missing].slice(0, 20) }
  for (const page of pages) {
    doc.addPage({ size: [width, height], margin: 0 })
    for (const ink of inOrder(page)) draw(doc, use, ink)
  }
  doc.end()
  await ended
  return Buffer.concat(chunks)
}
