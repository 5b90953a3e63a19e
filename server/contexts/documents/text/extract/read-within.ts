import { MAX_DEPTH } from './bounds.ts'
import { type Bench, type PageOrder, type Reader, Unread } from './content.ts'
import { type ContentType, contentType } from './content-type.ts'

/** Each is loaded when a file of its type is there: all of them together take half a second. */
const READERS: Record<ContentType, () => Promise<Reader>> = {
  pdf: async () => (await import('./read-pdf.ts')).readPdf,
  docx: async () => (await import('./read-docx.ts')).readDocx,
  xlsx: async () => (await import('./read-xlsx.ts')).readXlsx,
  doc: async () => (await import('./read-doc.ts')).readDoc,
  png: async () => (await import('./read-image.ts')).readImage,
  jpg: async () => (await import('./read-image.ts')).readImage,
  p7m: async () => (await import('./read-signed.ts')).readSigned,
  eml: async () => (await import('./read-mail.ts')).readMail,
  xml: async () => (await import('./read-xml.ts')).readXml,
  txt: async () => (await import('./read-plain.ts')).readPlain,
  encrypted: () => Promise.reject(new Unread('encrypted', 'The file opens with a password only.')),
}

/** The pages of a file by what it is. */
export async function* readBytes(bytes: Uint8Array, bench: Bench, hint: string): AsyncGenerator<PageOrder> {
  const type = bytes.length === 0 ? 'txt' : contentType(bytes, hint)
  if (type === null) throw new Unread('unsupported', 'There is no reader for files of this kind.')
  const reader = await READERS[type]()
  yield* reader(bytes, bench)
}

/** The same for a file that was in another. */
export function readWithin(bytes: Uint8Array, bench: Bench): AsyncGenerator<PageOrder> {
  if (bench.depth >= MAX_DEPTH) throw new Unread('too_large', `Files lie within files more than ${MAX_DEPTH} deep.`)
  return readBytes(bytes, { ...bench, depth: bench.depth + 1 }, 'application/octet-stream')
}
