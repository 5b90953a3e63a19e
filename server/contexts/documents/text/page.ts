/** [start in text, length, left, top, width, height]: the place of a word, in thousandths of the page's width and height. */
export type WordBox = readonly [start: number, length: number, left: number, top: number, width: number, height: number]

/** One page of a document as it was read. A format without pages (CSV, mail, DOCX) has as many as its reader cuts it into. */
export type Page = {
  readonly page: number
  readonly text: string
  readonly method: 'text' | 'ocr'
  /** Of OCR, 0..1. */
  readonly confidence: number | null
  readonly words: readonly WordBox[] | null
}
