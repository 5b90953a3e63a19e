import type pg from 'pg'
import { contentKey, type BlobStore } from '../blob/blob-store.ts'
import { Refusal } from '../refusal.ts'
import { namesFiles, type FileHead } from './file-records.ts'
import type { About } from './records.ts'
import { placeOf, type Chunks } from './rows.ts'
import { schemaOfTenant, tablesIn } from './tables.ts'

const AT_ONCE = 500
/** In a row, without a byte in between; the store itself has tried each of them several times. */
const BREAKS = 3

/** The files that the rows of this snapshot name and that are not purged, each with its bytes out of the store. */
export async function* filesOf(
  client: pg.ClientBase,
  blobs: BlobStore,
  { tenant, schemas }: About,
): AsyncGenerator<FileHead & { bytes: Chunks }> {
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
        yield { ...head, bytes: bytesOf(blobs, head) }
      }
      if (rows.length < AT_ONCE) break
    }
    await client.query('close copied_files')
  }
}

/** Where the store breaks off in the middle it is asked for the rest: a copy of hours does not end with one connection. */
async function* bytesOf(blobs: BlobStore, { tenant_id, sha256, size }: FileHead): AsyncGenerator<Buffer> {
  const key = contentKey(tenant_id, sha256)
  let [read, breaks] = [0, 0]
  for (;;) {
    try {
      const range = read === 0 ? undefined : { start: read, end: size - 1 }
      for await (const chunk of await blobs.open(key, range)) {
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
  }
}
