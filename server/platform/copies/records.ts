import { createHash } from 'node:crypto'
import { byteReader, type ByteReader } from './byte-reader.ts'
import { copyRefusals } from './refusals.ts'
import type { Chunks } from './rows.ts'

/**
 * What is inside a copy: records of `kind (1 byte) | length (4 bytes) | content`. First A, what it is a copy of (JSON); then for each
 * table T (JSON) and its rows in any number of D (COPY text); last M, the manifest (JSON): what each table must add up to.
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
export type Manifest = { tables: TableSum[]; sequences: SequenceValue[] }

const KIND = { about: 65, table: 84, data: 68, manifest: 77 }
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

/** All records of a copy; `sequences` is asked at the end, when nothing that was copied can be above it. */
export async function* writeRecords(
  about: About,
  parts: AsyncIterable<Part>,
  sequences: () => Promise<SequenceValue[]>,
  done: (manifest: Manifest) => void,
): AsyncGenerator<Buffer> {
  yield* record(KIND.about, json(about))
  const tables: TableSum[] = []
  for await (const { rows, ...head } of parts) {
    yield* record(KIND.table, json(head))
    const adding = adder(head)
    for await (const chunk of rows) {
      adding.add(chunk)
      yield* record(KIND.data, chunk)
    }
    tables.push(adding.sum())
  }
  const manifest = { tables, sequences: await sequences() }
  yield* record(KIND.manifest, json(manifest))
  done(manifest)
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

export type Records = {
  about: About
  /** Each table, whose rows must be read to their end before the next. At the end all is compared with the manifest. */
  parts: () => AsyncGenerator<Part>
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
    parts: async function* () {
      const sums: TableSum[] = []
      try {
        for (let next = await nextOf(reader); next.kind !== KIND.manifest;) {
          if (next.kind !== KIND.table) throw damaged()
          const head = JSON.parse(next.content.toString()) as TableHead
          const adding = adder(head)
          let after: Read | undefined
          const rows = async function* (): AsyncGenerator<Buffer> {
            for (after = await nextOf(reader); after.kind === KIND.data; after = await nextOf(reader)) {
              adding.add(after.content)
              yield after.content
            }
          }
          yield { ...head, rows: rows() }
          if (after === undefined || after.kind === KIND.data) throw new Error(`The rows of ${head.name} were not read`)
          sums.push(adding.sum())
          next = after
          if (next.kind === KIND.manifest) manifest = JSON.parse(next.content.toString()) as Manifest
        }
        if (JSON.stringify(manifest?.tables) !== JSON.stringify(sums) || (await reader.take(1)) !== null)
          throw damaged()
      } finally {
        await reader.close()
      }
    },
    manifest: () => manifest!,
  }
}
