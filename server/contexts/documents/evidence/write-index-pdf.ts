import { createRequire } from 'node:module'
import type { Readable } from 'node:stream'
import PdfDocument from 'pdfkit'
import { indexContent, type IndexContent, type IndexTable, type Shown } from './index-content.ts'
import type { About } from './manifest.ts'

type Pdf = PDFKit.PDFDocument

const MARGIN = 42
const [INK, SOFT, LINE] = ['#1b1f24', '#57606a', '#d0d7de']
const GAP = 6

// Embedded: the built-in fonts of PDF have no Δ, no ≤ and no letters beyond Western Europe.
const fontFile = (name: string): string => createRequire(import.meta.url).resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`)

const bottom = (pdf: Pdf): number => pdf.page.height - MARGIN - 18
const widthOf = (pdf: Pdf): number => pdf.page.width - 2 * MARGIN

/** A heading with room for what follows it. */
function heading(pdf: Pdf, text: string): void {
  if (pdf.y > bottom(pdf) - 70) pdf.addPage()
  pdf
    .moveDown(1)
    .font('bold')
    .fontSize(12)
    .fillColor(INK)
    .text(text, MARGIN, pdf.y, { width: widthOf(pdf) })
    .moveDown(0.3)
}

function facts(pdf: Pdf, all: IndexContent['facts']): void {
  for (const [label, value] of all) {
    const at = pdf.y
    pdf.font('plain').fontSize(9).fillColor(SOFT).text(label, MARGIN, at, { width: 130 })
    const left = pdf.y
    pdf.fillColor(INK).text(value, MARGIN + 138, at, { width: widthOf(pdf) - 138 })
    pdf.y = Math.max(left, pdf.y) + 2
  }
}

function bullets(pdf: Pdf, items: readonly string[]): void {
  for (const item of items) {
    pdf
      .font('plain')
      .fontSize(9)
      .fillColor(INK)
      .text(`•  ${item}`, MARGIN, pdf.y, { width: widthOf(pdf) })
  }
}

const SIZE = 7.5
const fontOf = (table: IndexTable, column: number) => (table.code.includes(column) ? 'mono' : 'plain')
const sizeOf = (table: IndexTable, column: number): number => (table.code.includes(column) ? 6 : SIZE)

function row(pdf: Pdf, table: IndexTable, widths: readonly number[], texts: readonly string[], head: boolean): number {
  return Math.max(
    ...texts.map((text, column) => {
      pdf.font(head ? 'bold' : fontOf(table, column)).fontSize(head ? SIZE : sizeOf(table, column))
      return pdf.heightOfString(text, { width: widths[column]! - GAP })
    }),
  )
}

function drawRow(
  pdf: Pdf,
  table: IndexTable,
  widths: readonly number[],
  texts: readonly string[],
  head: boolean,
): void {
  const height = row(pdf, table, widths, texts, head)
  const top = pdf.y
  let left = MARGIN
  for (const [column, text] of texts.entries()) {
    const soft = head || column === 0
    pdf
      .font(head ? 'bold' : fontOf(table, column))
      .fontSize(head ? SIZE : sizeOf(table, column))
      .fillColor(soft ? SOFT : INK)
    pdf.text(text, left, top, { width: widths[column]! - GAP, lineBreak: true })
    left += widths[column]!
  }
  const end = top + height + 2.5
  pdf
    .moveTo(MARGIN, end)
    .lineTo(MARGIN + widthOf(pdf), end)
    .lineWidth(head ? 0.8 : 0.4)
    .strokeColor(head ? INK : LINE)
    .stroke()
  pdf.y = end + 2.5
}

function drawTable(pdf: Pdf, table: IndexTable): void {
  heading(pdf, table.title)
  if (table.rows.length === 0) {
    pdf.font('plain').fontSize(9).fillColor(INK).text(table.empty, MARGIN, pdf.y)
    return
  }
  const all = table.grow.reduce((sum, part) => sum + part, 0)
  const widths = table.grow.map((part) => (widthOf(pdf) * part) / all)
  drawRow(pdf, table, widths, table.head, true)
  for (const texts of table.rows) {
    if (pdf.y + row(pdf, table, widths, texts, false) + 6 > bottom(pdf)) {
      pdf.addPage()
      drawRow(pdf, table, widths, table.head, true)
    }
    drawRow(pdf, table, widths, texts, false)
  }
  if (table.more !== null) pdf.font('plain').fontSize(9).text(table.more, MARGIN, pdf.y)
}

function footer(pdf: Pdf, text: string): void {
  const { x, y } = pdf
  // Below the margin pdfkit would begin another page.
  const margin = pdf.page.margins.bottom
  pdf.page.margins.bottom = 0
  pdf.font('plain').fontSize(7).fillColor(SOFT)
  pdf.text(text, MARGIN, pdf.page.height - MARGIN - 4, { width: widthOf(pdf), align: 'center', lineBreak: false })
  pdf.page.margins.bottom = margin
  pdf.x = x
  pdf.y = y
}

/** The index as PDF, page after page as it is made, with its fonts inside: it says what index.html says. */
export function writeIndexPdf(about: About, shown: Shown, zone: string): AsyncIterable<Buffer> {
  const content = indexContent(about, shown, zone)
  const { words, title } = content
  const info = { Title: `${words.title} – ${title}`, Creator: about.made_with, CreationDate: new Date(about.made_at) }
  const pdf = new PdfDocument({ size: 'A4', margin: MARGIN, lang: about.pack.language, autoFirstPage: false, info })
  pdf.registerFont('plain', fontFile('DejaVuSans')).registerFont('bold', fontFile('DejaVuSans-Bold'))
  pdf.registerFont('mono', fontFile('DejaVuSansMono'))
  let page = 0
  pdf.on('pageAdded', () => footer(pdf, `${words.title} ${about.pack.id} · ${words.page} ${(page += 1)}`))
  pdf.addPage()
  pdf
    .font('plain')
    .fontSize(9)
    .fillColor(SOFT)
    .text(words.title.toUpperCase(), MARGIN, MARGIN, { characterSpacing: 0.5 })
  pdf
    .font('bold')
    .fontSize(18)
    .fillColor(INK)
    .text(title, { width: widthOf(pdf) })
    .moveDown(0.5)
  facts(pdf, content.facts)
  heading(pdf, words.holds)
  bullets(pdf, content.counts)
  heading(pdf, words.check)
  pdf
    .font('plain')
    .fontSize(9)
    .fillColor(INK)
    .text(words.checkText, MARGIN, pdf.y, { width: widthOf(pdf) })
  if (about.keys_published_at !== null) pdf.text(`${words.keysAt} ${about.keys_published_at}`)
  pdf.moveDown(0.4)
  bullets(pdf, content.notes)
  for (const table of content.tables) drawTable(pdf, table)
  pdf.end()
  return pdf as unknown as Readable as AsyncIterable<Buffer>
}
