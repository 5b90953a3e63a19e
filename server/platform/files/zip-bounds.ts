import { inflateRawSync } from 'node:zlib'

/** Names of the files in a ZIP; null where it is none. Throws RangeError where they unpack to more than `limit` bytes. */
export function boundedZip(bytes: Buffer, limit: number): string[] | null {
  const entries = entriesOf(bytes)
  if (entries === null) return null
  let left = limit
  for (const { method, data, claimed } of entries) {
    // The sizes that a file declares may lie: only unpacking tells. What it claims counts too, since the reader takes
    // that much memory before it looks.
    left -= Math.max(claimed, method === 0 ? data.length : unpackedSize(data, left))
    if (left < 0) throw new RangeError('unpacks to more than is accepted')
  }
  return entries.map((entry) => entry.name)
}

function unpackedSize(data: Buffer, left: number): number {
  try {
    return inflateRawSync(data, { maxOutputLength: Math.max(left, 1) }).length
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') throw new RangeError('unpacks to too much')
    throw error
  }
}

type Entry = { name: string; method: number; data: Buffer; claimed: number }
const MAX_ENTRIES = 1_000

/** Reads the central directory (APPNOTE.TXT 4.3.12 and 4.3.16); without ZIP64, which no file of this size needs. */
function entriesOf(bytes: Buffer): Entry[] | null {
  if (bytes.length < 22 || bytes.readUInt32LE(0) !== 0x04034b50) return null
  const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]))
  if (end < 0 || end + 22 > bytes.length) return null
  const count = bytes.readUInt16LE(end + 10)
  if (bytes.readUInt16LE(end + 8) !== count) throw new Error('counts its files in two ways')
  if (count > MAX_ENTRIES) throw new RangeError('holds too many files')
  const entries: Entry[] = []
  let at = bytes.readUInt32LE(end + 16)
  for (let index = 0; index < count; index += 1) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== 0x02014b50) return null
    const [nameLength, extra, comment] = [28, 30, 32].map((offset) => bytes.readUInt16LE(at + offset)) as [
      number,
      number,
      number,
    ]
    const method = bytes.readUInt16LE(at + 10)
    const packed = bytes.readUInt32LE(at + 20)
    const local = bytes.readUInt32LE(at + 42)
    if ((method !== 0 && method !== 8) || local + 30 > bytes.length) return null
    if (!agree(bytes, at, local)) throw new Error('says two things of one file')
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28)
    if (start + packed > bytes.length) return null
    // The name before the data is the one that the reader goes by.
    const name = bytes.toString('utf8', local + 30, local + 30 + bytes.readUInt16LE(local + 26))
    const claimed = bytes.readUInt32LE(local + 22)
    entries.push({ name, method, data: bytes.subarray(start, start + packed), claimed })
    at += 46 + nameLength + extra + comment
  }
  return entries
}

const EXTENDED = 0x0001

/**
 * Whether the two headings of a file agree on its method, and neither goes on in ZIP64. The reader behind believes the
 * one before the data and this one the directory: a file could be stored here and unpack to gigabytes there.
 */
function agree(bytes: Buffer, central: number, local: number): boolean {
  const [nameAt, extraAt] = [central + 46, local + 30] as const
  const [name, extra] = [bytes.readUInt16LE(central + 28), bytes.readUInt16LE(central + 30)] as const
  const [localName, localExtra] = [bytes.readUInt16LE(local + 26), bytes.readUInt16LE(local + 28)] as const
  return (
    bytes.readUInt32LE(local) === 0x04034b50 &&
    bytes.readUInt16LE(local + 8) === bytes.readUInt16LE(central + 10) &&
    !isExtended(bytes.subarray(nameAt + name, nameAt + name + extra)) &&
    !isExtended(bytes.subarray(extraAt + localName, extraAt + localName + localExtra))
  )
}

function isExtended(extra: Buffer): boolean {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) === EXTENDED) return true
  }
  return false
}
