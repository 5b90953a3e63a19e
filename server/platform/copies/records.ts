import { createHash } from 'node:crypto'
import { byteReader, type ByteReader } from './byte-reader.ts'
import {
  census,
  filesAdder,
  isFileHead,
  isMissing,
  isSame,
  namesFiles,
  weighing,
  type FileEnd,
  type FileRecord,
  type FilesSum,
  type Lack,
} from './file-records.ts'
import { copyRefusals } from './refusals.ts'
import type { Chunks } from './rows.ts'

/**
 * What is inside a copy: records of `kind (1 byte) | length (4 bytes) | content`. First A, what it is a copy of (JSON); then for each
 * table T (JSON) and its rows in any number of D (COPY text); then for each file F (JSON), its bytes in any number of D, and E (JSON),
 * whether they were all there; last M, the manifest (JSON): what each table and all files must add up to. Format 1 has no files.
 */
export type About = {
  tenant: { id: string; slug: string; name: string; isolation: 'shared' | 'schema' } | null
  /** Besides `control`: each schema's name (`tenant` in the copy of one company) and how many tenant migrations it had. */
  schemas: { name: string; version: number }[]
}
export type TableHead = { schema: string; name: string; columns: string[] }
export type Part = TableHead & { rows: Chunks }
export type TableSum = TableHead & { rows: number; bytes: number; sha256: string }
/** The next value of each sequence, by schema and name. */
export type SequenceValue = { schema: string; name: string; value: number }
/** `files`: none in a copy of format 1. */
export type Manifest = { tables: TableSum[]; sequences: SequenceValue[]; files?: FilesSum }
/** A file of a copy; `lack` is known when its bytes were read. */
export type FilePart = FileRecord & { bytes: Chunks; lack: () => Lack | null }

const KIND = { about: 65, table: 84, data: 68, file: 70, fileEnd: 69, manifest: 77 }
const LONGEST = 64 * 1024 * 1024

function* record(kind: number, content: Buffer): Generator<Buffer> {
  const head = Buffer.alloc(5)
  head[0] = kind
  head.writeUInt32BE(content.length, 1)
  yield head
  yield content
}
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

function adder(head: TableHead) {
  const hash = createHash('sha256')
  let [rows, bytes] = [0, 0]
  return {
    add: (chunk: Buffer): void => {
      hash.update(chunk)
      bytes += chunk.length
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) rows += 1
    },
    sum: (): TableSum => ({ ...head, rows, bytes, sha256: hash.digest('hex') }),
  }
}

export type Written = {
  about: About
  parts: AsyncIterable<Part>
  files: AsyncIterable<FileRecord & { bytes: Chunks }>
  /** Asked at the end, when nothing that was copied can be above it. */
  sequences: () => Promise<SequenceValue[]>
}

/** All records of a copy. A file that the store does not have is no reason to have no copy: it is named in the manifest. */
export async function* writeRecords(
  { about, parts, files, sequences }: Written,
  done: (manifest: Manifest) => void,
): AsyncGenerator<Buffer> {
  yield* record(KIND.about, json(about))
  const tables: TableSum[] = []
  const summing = filesAdder()
  for await (const { rows, ...head } of parts) {
    yield* record(KIND.table, json(head))
    const adding = adder(head)
    for await (const chunk of rows) {
      adding.add(chunk)
      yield* record(KIND.data, chunk)
    }
    tables.push(adding.sum())
  }
  for await (const { bytes, ...head } of files) {
    const lack = yield* writeFile(head, bytes)
    summing.add(head, lack)
  }
  const manifest = { tables, sequences: await sequences(), files: summing.sum() }
  yield* record(KIND.manifest, json(manifest))
  done(manifest)
}

async function* writeFile(head: FileRecord, bytes: Chunks): AsyncGenerator<Buffer, Lack | null> {
  yield* record(KIND.file, json(head))
  const weighed = weighing()
  let end: FileEnd
  try {
    for await (const chunk of bytes) {
      weighed.add(chunk)
      yield* record(KIND.data, chunk)
    }
    const kept = weighed.kept()
    end = head.quarantined ? { lack: null, kept } : { lack: isSame(head, kept) ? null : 'changed' }
  } catch (error) {
    if (!isMissing(error)) throw error
    end = { lack: 'missing' }
  }
  yield* record(KIND.fileEnd, json(end))
  return end.lack
}

const damaged = (): Error => copyRefusals.refuse('copies.damaged')

type Read = { kind: number; content: Buffer }
async function nextOf(reader: ByteReader): Promise<Read> {
  const head = await reader.take(5)
  if (head === null) throw damaged()
  const length = head.readUInt32BE(1)
  if (length > LONGEST) throw damaged()
  const content = length === 0 ? Buffer.alloc(0) : await reader.take(length)
  if (content === null) throw damaged()
  return { kind: head[0]!, content }
}

/** Reads rows that nobody wants, so that what they must add up to is still compared. */
export async function passOver(rows: Chunks): Promise<void> {
  let bytes = 0
  for await (const { length } of rows) bytes += length
}

/** The same of files, for who wants the rows alone. */
export const passFile = ({ bytes }: FilePart): Promise<void> => passOver(bytes)

export type Records = {
  about: About
  /**
   * Each table, whose rows must be read to their end before the next; then `file` is called for each file, whose bytes it must read to
   * their end. At the end all is compared with the manifest, and the files with the rows that name them.
   */
  parts: (file?: (file: FilePart) => Promise<void>) => AsyncGenerator<Part>
  /** After the last part. */
  manifest: () => Manifest
}

/** Reads what `writeRecords` wrote. */
export async function readRecords(plain: Chunks): Promise<Records> {
  const reader = byteReader(plain, damaged)
  const first = await nextOf(reader)
  if (first.kind !== KIND.about) throw damaged()
  let manifest: Manifest | undefined
  return {
    about: JSON.parse(first.content.toString()) as About,
    parts: async function* (file = passFile) {
      const [sums, files, counting]: [TableSum[], Files, Census] = [[], filesAdder(), census()]
      try {
        let next = await nextOf(reader)
        while (next.kind === KIND.table) next = yield* readTable(reader, next, counting, sums)
        while (next.kind === KIND.file) next = await readFile(reader, next, { file, files, counting })
        if (next.kind !== KIND.manifest) throw damaged()
        manifest = JSON.parse(next.content.toString()) as Manifest
        if (JSON.stringify(manifest.tables) !== JSON.stringify(sums) || (await reader.take(1)) !== null) throw damaged()
        if (!sameFiles(manifest.files, files.sum(), counting)) throw damaged()
      } finally {
        await reader.close()
      }
    },
    manifest: () => manifest!,
  }
}

type Files = ReturnType<typeof filesAdder>
type Census = ReturnType<typeof census>

/** A copy of format 1 has rows of files at most, and no bytes. */
const sameFiles = (told: FilesSum | undefined, found: FilesSum, counting: Census): boolean =>
  told === undefined ? found.count === 0 : JSON.stringify(told) === JSON.stringify(found) && counting.agrees()

/** One table; answers with the record behind it. */
async function* readTable(
  reader: ByteReader,
  { content }: Read,
  counting: Census,
  sums: TableSum[],
): AsyncGenerator<Part, Read> {
  const head = JSON.parse(content.toString()) as TableHead
  const adding = adder(head)
  let after: Read | undefined
  const rows = async function* (): AsyncGenerator<Buffer> {
    for (after = await nextOf(reader); after.kind === KIND.data; after = await nextOf(reader)) {
      adding.add(after.content)
      yield after.content
    }
  }
  yield { ...head, rows: namesFiles(head) ? counting.rows(head.columns, rows()) : rows() }
  if (after === undefined || after.kind === KIND.data) throw new Error(`The rows of ${head.name} were not read`)
  sums.push(adding.sum())
  return after
}

type Taking = { file: (file: FilePart) => Promise<void>; files: Files; counting: Census }

/** One file; answers with the record behind it. What is not as it was is thrown before its bytes end, so that nobody keeps them. */
async function readFile(reader: ByteReader, { content }: Read, { file, files, counting }: Taking): Promise<Read> {
  const head = JSON.parse(content.toString()) as FileRecord
  if (!isFileHead(head)) throw damaged()
  const weighed = weighing()
  let end: FileEnd | undefined
  const bytes = async function* (): AsyncGenerator<Buffer> {
    let next = await nextOf(reader)
    for (; next.kind === KIND.data; next = await nextOf(reader)) {
      weighed.add(next.content)
      yield next.content
    }
    if (next.kind !== KIND.fileEnd) throw damaged()
    const told = JSON.parse(next.content.toString()) as FileEnd
    if (told.lack === null && !isSame(head.quarantined ? told.kept : head, weighed.kept())) throw damaged()
    end = told
  }
  await file({ ...head, bytes: bytes(), lack: () => end?.lack ?? null })
  if (end === undefined) throw new Error('The bytes of a file were not read')
  files.add(head, end.lack)
  counting.file(head)
  return nextOf(reader)
}
