import type { Page } from '../page.ts'

/** What becomes of a reading that ends without having read everything. */
export type EndState = 'unreadable' | 'encrypted' | 'unsupported' | 'too_large'

/** Thrown by a reader that cannot go on: what the file is, and in words what to do about it. */
export class Unread extends Error {
  readonly state: EndState
  constructor(state: EndState, message: string) {
    super(message)
    this.name = 'Unread'
    this.state = state
  }
}

/** One page without its number. */
export type Draft = Omit<Page, 'page'>
/** A page that is made when it is asked for: those that are known already cost nothing. */
export type PageOrder = () => Promise<Draft>

/** Programs of this machine that help; null: not installed. */
export type Tools = {
  readonly tesseract: string | null
  readonly pdftoppm: string | null
  /** Which of the converters of .doc there is. */
  readonly doc: { readonly name: 'antiword' | 'catdoc' | 'soffice'; readonly path: string } | null
}

/** What the parent asks of the child process: the file, where to begin and what may be used. Only paths and numbers. */
export type Task = {
  readonly file: string
  /** A folder of its own, which the parent removes. */
  readonly folder: string
  /** So many pages are known already. */
  readonly from: number
  /** So many of them were recognised. */
  readonly recognised: number
  /** Of these pages. */
  readonly characters: number
  readonly tools: Tools
  readonly ocr: boolean
  readonly maxPages: number
  readonly maxOcrPages: number
}

/** What the child says, a line of JSON each. `gate`: a page must be recognised, and the child waits for a line to go on. */
export type Said =
  | { readonly kind: 'ready' }
  | { readonly kind: 'pages'; readonly pages: number }
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'gate' }
  | { readonly kind: 'page'; readonly page: Page }
  | { readonly kind: 'end'; readonly state: 'read' | EndState; readonly detail: string | null; readonly pages: number }

/** What readers share within one reading. */
export type Bench = {
  readonly task: Task
  /** How often a file was within a file. */
  readonly depth: number
  /** How many pages there will be, as soon as it is known. */
  readonly expect: (pages: number) => Promise<void>
  /** A sentence for whoever wonders what is there and what is not. */
  readonly note: (text: string) => Promise<void>
  /** The text of a picture, where recognition is on and has not been used up; null otherwise. */
  readonly recognise: (image: () => Promise<Uint8Array>) => Promise<Draft | null>
  /** A file in the folder for a program that wants one. */
  readonly file: (bytes: Uint8Array) => Promise<string>
}

/** A file's own reader. */
export type Reader = (bytes: Uint8Array, bench: Bench) => AsyncIterable<PageOrder>

export const plain = (text: string): Draft => ({ text, method: 'text', confidence: null, words: null })
