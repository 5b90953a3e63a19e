import type pg from 'pg'
import { derivedRing } from '../secrets/field-encryption.ts'
import type { Keys } from './header.ts'
import { openCopyFile, type Verified } from './open-copy.ts'
import { passOver, type FilePart, type TableSum } from './records.ts'
import { copyRefusals } from './refusals.ts'
import { copyDigest, noteProgress, type Progress } from './restore-progress.ts'
import { inBatches, inWrite, placeOf, rowsIn, type Chunks } from './rows.ts'
import { resealRows } from './sealed-fields.ts'
import { storeFile, type FilePlace } from './store-files.ts'
import { tablesIn, type Table } from './tables.ts'

/** Of COPY text, for each commit: what a restore that was killed has to do again. */
const BATCH_BYTES = 16 * 1024 * 1024

export type Loading = {
  /** Where the files go. */
  files: FilePlace
  /** How it goes on, for people. */
  say?: ((line: string) => void) | undefined
  batchBytes?: number
}

type Source = { path: string; keys: Keys; verified: Verified; progress: Progress }

/**
 * Puts in the rows of a backup that are not in yet, a batch with its note in each transaction, and then its files. The copy is one stream:
 * what is in is read over, at the speed of reading and not of writing.
 */
export async function loadRows(
  client: pg.ClientBase,
  { path, keys, verified, progress }: Source,
  { files, say, batchBytes = BATCH_BYTES }: Loading,
): Promise<void> {
  const copy = await openCopyFile(path, keys)
  if (JSON.stringify(copy.header) !== JSON.stringify(verified.header)) throw copyRefusals.refuse('copies.damaged')
  const ring = derivedRing(keys.masters, 'fields')
  const tell = teller(verified.manifest.tables, say)
  tell(progress.part, progress.bytes)
  let tables: Table[] = []
  let number = -1
  const taking = takingFiles(files, verified.manifest.files?.count ?? 0, say)
  for await (const part of copy.parts(taking)) {
    number += 1
    let done = number === progress.part ? progress.bytes : 0
    if (number < progress.part || done === verified.manifest.tables[number]!.bytes) {
      await passOver(part.rows)
      continue
    }
    if (tables[0]?.schema !== part.schema) tables = await tablesIn(client, part.schema)
    const table = tables.find(({ name }) => name === part.name)
    if (table === undefined) throw new Error(`${placeOf(part)} is in the backup and not in its migrations`)
    const { columns } = part
    for await (const batch of inBatches(beyond(part.rows, done), batchBytes)) {
      await inWrite(client, async () => {
        const counted = counting(batch, (length) => (done += length))
        await rowsIn(client, table, resealRows(counted, { columns, sealed: table.sealed }, copy.fields, ring), {
          columns,
        })
        await noteProgress(client, { phase: 'rows', part: number, bytes: done })
      })
      tell(number, done)
    }
  }
  if (copyDigest({ header: copy.header, manifest: copy.manifest() }) !== progress.copy)
    throw copyRefusals.refuse('copies.damaged')
}

/** After all rows: what a restore that goes on has stored before is there with its size, and is not stored again. */
function takingFiles(place: FilePlace, all: number, say: (line: string) => void = () => undefined) {
  let [done, told] = [0, 0]
  return async (file: FilePart): Promise<void> => {
    await storeFile(place, file)
    done += 1
    const tenths = Math.floor((done / all) * 10)
    if (tenths > told) say(`${tenths * 10} % of the files are in.`)
    told = tenths
  }
}

/** What comes after the first so many bytes. */
async function* beyond(rows: Chunks, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes
  for await (const chunk of rows) {
    if (chunk.length > left) yield left > 0 ? chunk.subarray(left) : chunk
    left = Math.max(0, left - chunk.length)
  }
}

async function* counting(rows: Chunks, count: (length: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of rows) {
    count(chunk.length)
    yield chunk
  }
}

/** Says how much is in: at the beginning where it goes on, and whenever it is a tenth more. */
function teller(tables: readonly TableSum[], say: (line: string) => void = () => undefined) {
  const before = tables.map((_, at) => tables.slice(0, at).reduce((sum, { bytes }) => sum + bytes, 0))
  const all = tables.reduce((sum, { bytes }) => sum + bytes, 0)
  let told = -1
  return (part: number, bytes: number): void => {
    const percent = Math.floor((((before[part] ?? 0) + bytes) / Math.max(1, all)) * 100)
    if (told < 0 && percent > 0) say(`It goes on after ${percent} % of the rows.`)
    else if (told >= 0 && Math.floor(percent / 10) > Math.floor(told / 10)) say(`${percent} % of the rows are in.`)
    told = percent
  }
}
