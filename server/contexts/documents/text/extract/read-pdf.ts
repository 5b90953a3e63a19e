import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createIsomorphicCanvasFactory, getDocumentProxy, getResolvedPDFJS, renderPageAsImage } from 'unpdf'
import { DPI, MAX_PIXELS } from './bounds.ts'
import { type Bench, type Draft, type PageOrder, type Reader, Unread } from './content.ts'
import { pageText } from './pdf-lines.ts'
import { runProgram } from './run-program.ts'

/** A page with less text than this and a picture is a scan; a stamp or a page number is often real text on it. */
const FEW_LETTERS = 50
/** Letters drawn as outlines take many strokes. */
const MANY_STROKES = 200

type Pdf = Awaited<ReturnType<typeof getDocumentProxy>>
type Sheet = Awaited<ReturnType<Pdf['getPage']>>
const canvas = () => import('@napi-rs/canvas')

/** It takes the bytes away from whoever hands them in: a copy. */
async function open(bytes: Uint8Array, toDraw: boolean): Promise<Pdf> {
  try {
    return await getDocumentProxy(Uint8Array.from(bytes), {
      ...{ verbosity: 0, isEvalSupported: false, useSystemFonts: false, maxImageSize: MAX_PIXELS * 8 },
      ...(toDraw && { CanvasFactory: await createIsomorphicCanvasFactory(canvas) }),
    })
  } catch (error) {
    if ((error as Error).name === 'PasswordException')
      throw new Unread('encrypted', 'The PDF opens with a password only.')
    throw new Unread('unreadable', 'The PDF is damaged.')
  }
}

/** Whether there is something to be seen that is not text: a picture, or very many strokes. */
async function isPicture(sheet: Sheet): Promise<boolean> {
  const { OPS } = await getResolvedPDFJS()
  const { fnArray } = await sheet.getOperatorList()
  const pictures = new Set<number>([
    ...[OPS.paintImageXObject, OPS.paintInlineImageXObject, OPS.paintImageMaskXObject],
    ...[OPS.paintInlineImageXObjectGroup, OPS.paintImageXObjectRepeat, OPS.paintImageMaskXObjectRepeat],
  ])
  return (
    fnArray.some((op) => pictures.has(op)) || fnArray.filter((op) => op === OPS.constructPath).length > MANY_STROKES
  )
}

/** Points are 72 to the inch. */
const dpiOf = (width: number, height: number): number =>
  Math.max(20, Math.min(DPI, Math.floor(72 * Math.sqrt(MAX_PIXELS / Math.max(1, width * height)))))

type Drawing = { bench: Bench; pdf: Pdf; file: () => Promise<string> }

/** The page as a PNG: by pdftoppm where it is installed, and else drawn here. */
async function drawn({ bench, pdf, file }: Drawing, page: number, sheet: Sheet): Promise<Uint8Array> {
  const { width, height } = sheet.getViewport({ scale: 1 })
  const dpi = dpiOf(width, height)
  const { pdftoppm } = bench.task.tools
  if (pdftoppm === null)
    return new Uint8Array(await renderPageAsImage(pdf, page, { canvasImport: canvas, scale: dpi / 72 }))
  const target = join(bench.task.folder, 'page')
  const only = ['-f', String(page), '-l', String(page), '-singlefile']
  await runProgram(pdftoppm, ['-png', '-gray', '-r', String(dpi), ...only, await file(), target], bench.task.folder)
  try {
    return await readFile(`${target}.png`)
  } finally {
    await rm(`${target}.png`, { force: true })
  }
}

async function readSheet(drawing: Drawing, page: number): Promise<Draft> {
  const { bench, pdf } = drawing
  const sheet = await pdf.getPage(page)
  try {
    const view = sheet.getViewport({ scale: 1 })
    const { items } = await sheet.getTextContent()
    const own = pageText(
      items.filter((item) => 'str' in item),
      view.transform,
      view,
    )
    const seen: Draft = { ...own, method: 'text', confidence: null }
    if (own.text.trim().length >= FEW_LETTERS || !(await isPicture(sheet))) return seen
    if (!bench.task.ocr) await bench.note('Pages that are pictures have no text: recognition is switched off (OCR).')
    const recognised = await bench.recognise(() => drawn(drawing, page, sheet))
    return recognised === null || recognised.text.length < own.text.length ? seen : recognised
  } finally {
    sheet.cleanup()
  }
}

/** Its pages as they are; scans among them by recognition. One page that is damaged does not lose the others. */
export const readPdf: Reader = async function* (bytes, bench): AsyncGenerator<PageOrder> {
  const pdf = await open(bytes, bench.task.tools.pdftoppm === null)
  let file: Promise<string> | undefined
  const drawing = { bench, pdf, file: () => (file ??= bench.file(bytes)) }
  await bench.expect(pdf.numPages)
  for (let page = 1; page <= pdf.numPages; page += 1) {
    yield async () => {
      try {
        return await readSheet(drawing, page)
      } catch (error) {
        if (error instanceof Unread) throw error
        await bench.note('Some pages are damaged and have no text.')
        return { text: '', method: 'text', confidence: null, words: null }
      }
    }
  }
}
