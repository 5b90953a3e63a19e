import { createCanvas, loadImage } from '@napi-rs/canvas'
import { MAX_OPENED_PIXELS, MAX_PIXELS } from './bounds.ts'
import { type Draft, type PageOrder, type Reader, Unread } from './content.ts'
import { imageSize } from './image-size.ts'
import type { Recogniser } from './run-tesseract.ts'
import { pageOfTsv } from './tsv.ts'

/** Below it the page is looked at in other ways too. Good scans have 0.9 and more. */
const SURE = 0.75
/** One block of text; one column of any sizes; whatever Tesseract thinks, which reads a page of one column as two at times. */
const MODES = [6, 4, 3] as const

/** Of no more pixels than are recognised in reasonable time. */
async function fitting(image: Uint8Array): Promise<{ image: Uint8Array; width: number; height: number }> {
  const size = imageSize(image)
  if (size === null) throw new Unread('unreadable', 'The picture is damaged.')
  const { width, height } = size
  if (width * height > MAX_OPENED_PIXELS)
    throw new Unread('too_large', `The picture has more than ${MAX_OPENED_PIXELS / 1_000_000} million pixels.`)
  if (width * height <= MAX_PIXELS) return { image, width, height }
  const scale = Math.sqrt(MAX_PIXELS / (width * height))
  const canvas = createCanvas(Math.floor(width * scale), Math.floor(height * scale))
  const loaded = await loadImage(image).catch(() => null)
  if (loaded === null) throw new Unread('unreadable', 'The picture is damaged.')
  canvas.getContext('2d').drawImage(loaded, 0, 0, canvas.width, canvas.height)
  return { image: await canvas.encode('png'), width: canvas.width, height: canvas.height }
}

/** The text of a picture, recognised in the way that is surest of it. */
export async function readPicture(picture: Uint8Array, recognise: Recogniser): Promise<Draft> {
  const { image, ...size } = await fitting(picture)
  let best: Draft | undefined
  for (const mode of MODES) {
    const found = pageOfTsv(await recognise(image, mode), size)
    // Sure of three letters is not better than fairly sure of a page.
    const better =
      best === undefined ||
      ((found.confidence ?? 0) > (best.confidence ?? 0) && found.text.length * 2 > best.text.length)
    if (better) best = found
    if (best!.text === '' || (best!.confidence ?? 0) >= SURE) break
  }
  return best!
}

/** PNG and JPG: one page, recognised. */
export const readImage: Reader = async function* (bytes, bench): AsyncGenerator<PageOrder> {
  if (!bench.task.ocr)
    throw new Unread('unsupported', 'The file is a picture, and recognition of text is switched off (OCR).')
  await bench.expect(1)
  yield async () => {
    const draft = await bench.recognise(() => Promise.resolve(bytes))
    return draft ?? { text: '', method: 'text', confidence: null, words: null }
  }
}
