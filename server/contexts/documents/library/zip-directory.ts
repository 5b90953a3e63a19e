/** A file in a ZIP, as its central directory names it (APPNOTE.TXT 4.3.12). */
export type ZipEntry = {
  readonly name: string
  readonly method: number
  readonly packed: number
  /** Where its local heading begins. */
  readonly at: number
}
export type ZipEnd = { readonly count: number; readonly at: number; readonly size: number }

/** How much of the end of a file may hold the end of a ZIP: its record of 22 bytes and a comment of 65,535. */
export const ZIP_TAIL = 65_557
const END = Buffer.from([0x50, 0x4b, 0x05, 0x06])
const CENTRAL = 0x02014b50
/** 4 MB of directory name 40,000 files: a document has hundreds. */
const MAX_DIRECTORY = 4 * 1024 * 1024

/** Whether a ZIP could end in these last bytes of a file: readers look for its end from behind and forgive what follows. */
export const hasZipEnd = (tail: Buffer): boolean => tail.includes(END)

/**
 * Where the directory of a ZIP lies, read from the last bytes of a file of `size`; null where it is no ZIP that begins at the first byte and
 * ends at the last, with everything in one piece and without ZIP64.
 */
export function zipEnd(tail: Buffer, size: number): ZipEnd | null {
  const end = tail.lastIndexOf(END)
  if (end < 0 || end + 22 > tail.length) return null
  if (end + 22 + tail.readUInt16LE(end + 20) !== tail.length) return null
  const [count, length, at] = [tail.readUInt16LE(end + 10), tail.readUInt32LE(end + 12), tail.readUInt32LE(end + 16)]
  const endAt = size - tail.length + end
  if (tail.readUInt16LE(end + 8) !== count || at + length !== endAt || length > MAX_DIRECTORY) return null
  return { count, at, size: length }
}

/** The entries of a directory; null where it is cut off or counts otherwise than its end says. */
export function zipEntries(directory: Buffer, count: number): ZipEntry[] | null {
  const entries: ZipEntry[] = []
  let at = 0
  while (at + 46 <= directory.length) {
    if (directory.readUInt32LE(at) !== CENTRAL) return null
    const name = directory.readUInt16LE(at + 28)
    entries.push({
      name: directory.toString('utf8', at + 46, at + 46 + name),
      method: directory.readUInt16LE(at + 10),
      packed: directory.readUInt32LE(at + 20),
      at: directory.readUInt32LE(at + 42),
    })
    at += 46 + name + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32)
  }
  return at === directory.length && entries.length === count ? entries : null
}
