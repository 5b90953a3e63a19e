import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { CustodyDoor, EdgeCustody } from '../database/custody.ts'
import type { BlobStore } from './blob-store.ts'
import { spool } from './spool.ts'

/** The one database by whose rows this store is swept: an empty blob of its name below here. */
const MARK = 'officina-swept-by/'

/**
 * Whether this database is the one by which the store is swept; the first that asks becomes it. A restored one is another, though it
 * holds the same companies: it does not know what was uploaded since, and would take that for leftovers. Answers with the key of the
 * mark that stands in the way, or null.
 */
export async function strangersMark(door: CustodyDoor, blobs: BlobStore, folder: string): Promise<string | null> {
  const own = MARK + (await door.run(databaseOf))
  for await (const { key } of blobs.list(MARK)) if (key !== own) return key
  const nothing = await spool((async function* (): AsyncGenerator<never> {})(), folder)
  try {
    await blobs.put(own, nothing)
  } finally {
    await nothing.remove()
  }
  return null
}

/** A name of the database itself and not of what is in it, which a copy would bring along. */
async function databaseOf({ db }: EdgeCustody): Promise<string> {
  const { rows } = await sql<{ name: string }>`
    select c.system_identifier || ' ' || d.oid as name from pg_control_system() c, pg_database d where d.datname = current_database()`.execute(
    db,
  )
  return createHash('sha256').update(rows[0]!.name).digest('hex').slice(0, 32)
}
