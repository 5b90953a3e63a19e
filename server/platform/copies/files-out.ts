import type { Readable } from 'node:stream'
import type pg from 'pg'
import { contentKey, quarantineKey, type BlobStore } from '../blob/blob-store.ts'
import { blobRefusals } from '../blob/refusals.ts'
import { Refusal } from '../refusal.ts'
import { isMissing, namesFiles, type FileHead, type FileRecord } from './file-records.ts'
import type { About } from './records.ts'
import { placeOf, type Chunks } from './rows.ts'
import { schemaOfTenant, tablesIn } from './tables.ts'

const AT_ONCE = 500
/** In a row, without a byte in between; the store itself has tried each of them several times. */
const BREAKS = 3

/** The files that the rows of this snapshot name and that are not purged, each with its bytes out of the store, also out of quarantine. */
export async function* filesOf(
  client: pg.ClientBase,
  blobs: BlobStore,
  { tenant, schemas }: About,
): AsyncGenerator<FileRecord & { bytes: Chunks }> {
  const names = tenant === null ? schemas.map(({ name }) => name) : [await schemaOfTenant(client, tenant.id)]
  const whose = tenant === null ? '' : `and tenant_id = ${client.escapeLiteral(tenant.id)}`
  for (const schema of names) {
    const table = (await tablesIn(client, schema)).find(namesFiles)
    if (table === undefined) continue
    // A cursor, as there may be millions; it lives as long as the snapshot.
    await client.query(
      `declare copied_files no scroll cursor for
       select tenant_id, sha256, size::float8 as size from ${placeOf(table)} where purged_at is null ${whose}`,
    )
    for (;;) {
      const { rows } = await client.query<FileHead>(`fetch ${AT_ONCE} from copied_files`)
      for (const { tenant_id, sha256, size } of rows) {
        const head = { tenant_id, sha256, size }
        const found = await find(blobs, head)
        try {
          if (found === null) yield { ...head, bytes: nothing }
          else yield { ...head, ...(found.quarantined && { quarantined: true }), bytes: bytesOf(blobs, found) }
        } finally {
          found?.first.destroy()
        }
      }
      if (rows.length < AT_ONCE) break
    }
    await client.query('close copied_files')
  }
}

type Found = { key: string; size: number; quarantined: boolean; first: Readable }

/** Opened before it is said where it was: a scanner that finds something moves it at any moment. */
async function find(blobs: BlobStore, { tenant_id, sha256, size }: FileHead): Promise<Found | null> {
  const [shelf, quarantine] = [contentKey(tenant_id, sha256), quarantineKey(tenant_id, sha256)]
  const plain = await openIfThere(blobs, shelf)
  if (plain !== null) return { key: shelf, size, quarantined: false, first: plain }
  const there = await blobs.stat(quarantine)
  const kept = there && (await openIfThere(blobs, quarantine))
  return kept && { key: quarantine, size: there.size, quarantined: true, first: kept }
}

async function openIfThere(blobs: BlobStore, key: string): Promise<Readable | null> {
  try {
    // What breaks before anybody reads is seen by whoever does.
    return (await blobs.open(key)).on('error', () => undefined)
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

/** What the store does not have. */
const nothing: Chunks = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(blobRefusals.refuse('blobs.missing')) }),
}

/** Where the store breaks off in the middle it is asked for the rest: a copy of hours does not end with one connection. */
async function* bytesOf(blobs: BlobStore, { key, size, first }: Found): AsyncGenerator<Buffer> {
  let [read, breaks] = [0, 0]
  for (let source = first; ;) {
    try {
      for await (const chunk of source) {
        read += (chunk as Buffer).length
        breaks = 0
        yield chunk as Buffer
      }
      return
    } catch (error) {
      breaks += 1
      const passing = error instanceof Refusal && error.code === 'blobs.unavailable'
      if (!passing || breaks > BREAKS || read >= size) throw error
    }
    source = await blobs.open(key, read === 0 ? undefined : { start: read, end: size - 1 })
  }
}
