import { open, type FileHandle } from 'node:fs/promises'
import { inflateRawSync } from 'node:zlib'
import { fileTypeFromBuffer } from 'file-type'
import type { FileType } from './file-types.ts'
import { libraryRefusals } from './refusals.ts'
import { type ContentFacts, STREAMS, unfitFor } from './sniff.ts'
import { checkText } from './text-check.ts'
import { ZIP_TAIL, zipEnd, zipEntries, type ZipEntry } from './zip-directory.ts'

const HEAD = 4096
const CHUNK = 65_536
const TEXTS: ReadonlySet<FileType> = new Set(['txt', 'csv', 'xml', 'eml'])
/** [Content_Types].xml names each part: hundreds, of a hundred bytes. */
const MAX_CONTENT_TYPES = 2 * 1024 * 1024

async function readAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  const { bytesRead } = await file.read(buffer, 0, length, at)
  return buffer.subarray(0, bytesRead)
}

async function readContentTypes(file: FileHandle, entries: readonly ZipEntry[]): Promise<string> {
  const entry = entries.find(({ name }) => name === '[Content_Types].xml')
  if (entry === undefined || entry.packed > MAX_CONTENT_TYPES) return ''
  const local = await readAt(file, entry.at, 30)
  if (local.length < 30) return ''
  const start = entry.at + 30 + local.readUInt16LE(26) + local.readUInt16LE(28)
  const packed = await readAt(file, start, entry.packed)
  const bytes = entry.method === 0 ? packed : inflateRawSync(packed, { maxOutputLength: MAX_CONTENT_TYPES })
  // UTF-16 is allowed too: without its zeros it reads the same here.
  return bytes.toString('latin1').replaceAll('\0', '')
}

async function readZip(
  file: FileHandle,
  tail: Buffer,
  size: number,
): Promise<Pick<ContentFacts, 'zip' | 'contentTypes'>> {
  const none = { zip: null, contentTypes: '' }
  const end = zipEnd(tail, size)
  if (end === null) return none
  const zip = zipEntries(await readAt(file, end.at, end.size), end.count)
  if (zip === null) return none
  try {
    return { zip, contentTypes: await readContentTypes(file, zip) }
  } catch {
    // What cannot be unpacked, or unpacks to more than any document needs, is no document.
    return none
  }
}

/** Once through the file in constant memory, for what stands anywhere in it. */
async function readThrough(file: FileHandle, type: FileType): Promise<Pick<ContentFacts, 'text' | 'streams'>> {
  const streams = new Set<string>()
  if (!TEXTS.has(type) && type !== 'doc') return { text: null, streams }
  const check = checkText()
  const wanted = STREAMS.map((name) => [name, Buffer.from(name, 'utf16le')] as const)
  let kept = Buffer.alloc(0)
  for await (const chunk of file.createReadStream({ start: 0, highWaterMark: CHUNK, autoClose: false })) {
    const bytes = chunk as Buffer
    if (TEXTS.has(type)) {
      check.push(bytes)
      continue
    }
    const seen = Buffer.concat([kept, bytes])
    for (const [name, pattern] of wanted) if (seen.includes(pattern)) streams.add(name)
    kept = Buffer.from(seen.subarray(-64))
  }
  return { text: TEXTS.has(type) ? check.end() : null, streams }
}

/** What the bytes look like to whoever knows many formats, for the message alone. */
async function guess(head: Buffer): Promise<string | null> {
  try {
    return (await fileTypeFromBuffer(head))?.mime ?? null
  } catch {
    return null
  }
}

/** Reads a spooled file and refuses it where it is not what its extension says, is two things at once, or holds macros. */
export async function readContent({ path, size }: { path: string; size: number }, type: FileType): Promise<void> {
  const file = await open(path, 'r')
  try {
    const head = await readAt(file, 0, Math.min(size, HEAD))
    const tail = await readAt(file, Math.max(size - ZIP_TAIL, 0), Math.min(size, ZIP_TAIL))
    const facts = { head, tail, ...(await readZip(file, tail, size)), ...(await readThrough(file, type)) }
    const unfit = unfitFor(type, facts)
    if (unfit === null) return
    const looks = unfit === 'documents.type_mismatch' ? await guess(head) : null
    const details = looks === null ? [] : [{ field: 'file', message: `looks like ${looks}` }]
    throw libraryRefusals.refuse(unfit, details.length === 0 ? {} : { details })
  } finally {
    await file.close()
  }
}
