/** What a file is by its first bytes, of what there are readers for; null: none of these. */
export type ContentType = 'pdf' | 'docx' | 'xlsx' | 'doc' | 'png' | 'jpg' | 'p7m' | 'eml' | 'xml' | 'txt' | 'encrypted'

const starts = (bytes: Buffer, ...magic: number[]): boolean => magic.every((byte, at) => bytes[at] === byte)
/** 1.2.840.113549.1.7.2, signedData. */
const SIGNED = Buffer.from([0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02])
const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le')

const isSigned = (bytes: Buffer): boolean => bytes[0] === 0x30 && bytes.subarray(0, 64).includes(SIGNED)

/** Base64 with or without the lines of PEM around it: what it holds; null where it is something else. */
export function unarmoured(bytes: Uint8Array): Buffer | null {
  const start = Buffer.from(bytes.subarray(0, 200)).toString('latin1').trim()
  if (!/^(-----BEGIN [A-Z0-9 ]+-----\s*)?MI[A-Za-z0-9+/=\s]+$/.test(start)) return null
  const body = Buffer.from(bytes)
    .toString('latin1')
    .replaceAll(/-----[A-Z0-9 ]+-----/g, '')
  const held = Buffer.from(body, 'base64')
  return isSigned(held) ? held : null
}

/** Compound files of Microsoft: Word before 2007, or what Office wraps around a file with a password. */
function compoundType(bytes: Buffer): ContentType | null {
  if (bytes.includes(utf16('EncryptedPackage'))) return 'encrypted'
  return bytes.includes(utf16('WordDocument')) ? 'doc' : null
}

/** A ZIP by the names of the parts in it. */
const zipType = (bytes: Buffer): ContentType | null =>
  bytes.includes('word/document.xml') ? 'docx' : bytes.includes('xl/workbook.xml') ? 'xlsx' : null

const HEADERS =
  /^(received|return-path|delivered-to|from|to|subject|date|message-id|mime-version|x-[a-z-]+|content-type):/i

function textType(bytes: Buffer): ContentType {
  const start = bytes.subarray(0, 4_000).toString('latin1')
  if (unarmoured(bytes) !== null) return 'p7m'
  if (/^(\u00ef\u00bb\u00bf)?\s*<(\?xml|!DOCTYPE|!--|[A-Za-z_][\w.:-]*[\s/>])/.test(start)) return 'xml'
  const lines = start.split(/\r?\n/, 60)
  const headers = lines.slice(0, Math.max(1, lines.indexOf(''))).filter((line) => HEADERS.test(line))
  return HEADERS.test(lines[0] ?? '') && headers.length >= 3 ? 'eml' : 'txt'
}

/** By content alone: a name says what somebody hoped. `hint`: what the library found it to be, for text, which looks like anything. */
export function contentType(content: Uint8Array, hint: string): ContentType | null {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  if (isSigned(bytes)) return 'p7m'
  // A PDF may have something before it; what merely mentions one is none.
  if (bytes.subarray(0, hint === 'application/pdf' ? 1_024 : 8).includes('%PDF-')) return 'pdf'
  if (starts(bytes, 0x50, 0x4b, 0x03, 0x04)) return zipType(bytes)
  if (starts(bytes, 0xd0, 0xcf, 0x11, 0xe0)) return compoundType(bytes)
  if (starts(bytes, 0x89, 0x50, 0x4e, 0x47)) return 'png'
  if (starts(bytes, 0xff, 0xd8, 0xff)) return 'jpg'
  if (hint === 'text/plain' || hint === 'text/csv') {
    const found = textType(bytes)
    return found === 'xml' ? 'txt' : found
  }
  return textType(bytes)
}
