import type { FileType } from './file-types.ts'
import { hasZipEnd, type ZipEntry } from './zip-directory.ts'

/** What was read of a content to tell what it is. */
export type ContentFacts = {
  /** The first bytes, 4,096 at most. */
  readonly head: Buffer
  /** The last bytes, ZIP_TAIL at most. */
  readonly tail: Buffer
  /** Of a text: how it is written; null where it is none. */
  readonly text: 'utf-8' | 'utf-16' | 'legacy' | null
  /** Of a ZIP that is one from the first byte to the last: its files; else null. */
  readonly zip: readonly ZipEntry[] | null
  /** Of a ZIP: its [Content_Types].xml, as far as it can be read. */
  readonly contentTypes: string
  /** Names of streams that were found, of a compound file. */
  readonly streams: ReadonlySet<string>
}

export type Unfit = 'documents.type_mismatch' | 'documents.polyglot' | 'documents.macros'

const starts = (bytes: Buffer, hex: string): boolean =>
  bytes.subarray(0, hex.length / 2).equals(Buffer.from(hex, 'hex'))
const PDF = '%PDF-'
// Readers of PDF look for its head in the first 1,024 bytes (ISO 32000-1, Annex H, implementation note 13).
const PDF_WINDOW = 1024
/** 1.2.840.113549.1.7.2, signedData (RFC 5652). */
const SIGNED_DATA = Buffer.from('06092a864886f70d010702', 'hex')
/** Streams of a compound file that are looked for. */
export const STREAMS = ['WordDocument', '_VBA_PROJECT'] as const

const decoded = (bytes: Buffer, text: ContentFacts['text']): string =>
  new TextDecoder(text === 'utf-16' ? (bytes[0] === 0xff ? 'utf-16le' : 'utf-16be') : 'utf-8').decode(bytes).trimStart()

// What the WHATWG's MIME Sniffing Standard (7.1) takes for HTML, and SVG. An XML may begin with any name but those of a page.
const HTML =
  /^<(!doctype\s+(html|svg)|html|head|script|iframe|body|svg|object|embed|h1|div|font|table|a|style|title|b|br|p|img|meta|!--)[\s/>-]/i
const XML_PAGE = /^<(!doctype\s+(html|svg)|html|head|script|iframe|body|svg|object|embed)[\s/>]/i

/** What comes behind comments and processing instructions; a comment that does not end stays. By hand: a pattern would take for ever. */
function behindComments(text: string): string {
  let rest = text
  for (;;) {
    const [start, end] = rest.startsWith('<!--') ? ['<!--', '-->'] : ['<?', '?>']
    if (!rest.startsWith(start)) return rest
    const at = rest.indexOf(end, start.length)
    if (at < 0) return rest
    rest = rest.slice(at + end.length).trimStart()
  }
}

const FOREIGN = /^(%PDF-|\{\\rtf|%!PS)/
const XML = /^<(\?xml[\s?]|!--|!DOCTYPE\s|[A-Za-z_][\w.:-]*[\s/>])/
const MAIL_LINE =
  /^(from|to|date|subject|received|return-path|message-id|mime-version|delivered-to|x-[\w-]+|dkim-signature):/im

const isText = (facts: ContentFacts, page = HTML): boolean => {
  if (facts.text === null) return false
  const start = decoded(facts.head, facts.text)
  return !FOREIGN.test(start) && !page.test(behindComments(start))
}

function isMail(facts: ContentFacts): boolean {
  if (facts.text === null) return false
  const [header = ''] = decoded(facts.head, facts.text).split(/\r?\n\r?\n/)
  const [first = ''] = header.split(/\r?\n/)
  return /^([!-9;-~]+:|From )/.test(first) && MAIL_LINE.test(header)
}

function isSigned({ head }: ContentFacts): boolean {
  if (head[0] === 0x30) return head.subarray(0, 64).includes(SIGNED_DATA)
  const text = head.toString('latin1').replace(/^-----BEGIN (PKCS7|CMS|PKCS #7 SIGNED DATA)-----/, '')
  const body = /^\s*([A-Za-z0-9+/\s]{60,})/.exec(text)?.[1]
  return body !== undefined && Buffer.from(body, 'base64').subarray(0, 64).includes(SIGNED_DATA)
}

const holds = (zip: readonly ZipEntry[] | null, part: string): boolean =>
  zip !== null && zip.some(({ name }) => name === '[Content_Types].xml') && zip.some(({ name }) => name === part)

/** Each type by its content. */
const IS: Readonly<Record<FileType, (facts: ContentFacts) => boolean>> = {
  pdf: ({ head }) => head.toString('latin1', 0, PDF.length) === PDF,
  png: ({ head }) => starts(head, '89504e470d0a1a0a'),
  jpg: ({ head }) => starts(head, 'ffd8ff'),
  docx: ({ head, zip }) => starts(head, '504b0304') && holds(zip, 'word/document.xml'),
  xlsx: ({ head, zip }) => starts(head, '504b0304') && holds(zip, 'xl/workbook.xml'),
  doc: ({ head, streams }) => starts(head, 'd0cf11e0a1b11ae1') && streams.has('WordDocument'),
  p7m: isSigned,
  txt: (facts) => isText(facts),
  csv: (facts) => isText(facts),
  xml: (facts) => isText(facts, XML_PAGE) && XML.test(decoded(facts.head, facts.text)),
  eml: isMail,
}

/** A ZIP is at home in it, or a whole other file: what stands in them is looked at when they are read. */
const CONTAINERS: ReadonlySet<FileType> = new Set(['p7m'])
const ZIPS: ReadonlySet<FileType> = new Set(['docx', 'xlsx'])

/** Read as a ZIP or a PDF by whoever takes it for one, whatever else it is. */
function isTwoThings(type: FileType, { head, tail }: ContentFacts): boolean {
  if (CONTAINERS.has(type)) return false
  const pdfAt = head.subarray(0, PDF_WINDOW).indexOf(PDF, 0, 'latin1')
  return (pdfAt >= 0 && !(type === 'pdf' && pdfAt === 0)) || (!ZIPS.has(type) && hasZipEnd(tail))
}

// The part of the macros may have any name; its content type may not ([MS-OFFMACRO2] 2.2.1.3, [MS-OI29500] for Excel 4.0 macros).
const MACRO_TYPES = /ms-office\.vbaproject|macroenabled\w*\.main\+xml|macrosheet/i
const MACRO_PARTS = /(^|\/)(vbaproject\.bin|vbadata\.xml)$|^xl\/macrosheets\//i

const hasMacros = ({ zip, contentTypes, streams }: ContentFacts): boolean =>
  streams.has('_VBA_PROJECT') ||
  (zip !== null && (MACRO_TYPES.test(contentTypes) || zip.some(({ name }) => MACRO_PARTS.test(name))))

/** Why a content may not be stored as this type; null where it may. */
export function unfitFor(type: FileType, facts: ContentFacts): Unfit | null {
  // A PDF behind other bytes is named for what it is: two files in one.
  if (isTwoThings(type, facts) && (IS[type](facts) || type === 'pdf')) return 'documents.polyglot'
  if (!IS[type](facts)) return 'documents.type_mismatch'
  return hasMacros(facts) ? 'documents.macros' : null
}
