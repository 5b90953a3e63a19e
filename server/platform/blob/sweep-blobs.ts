import { sql } from 'kysely'
import type { Config } from '../../config.ts'
import type { CustodyDoor, EdgeCustody } from '../database/custody.ts'
import { Shape } from '../http/shapes.ts'
import { job, jobKind, type Job } from '../jobs/job-kind.ts'
import { schedule, type Schedule } from '../jobs/schedule.ts'
import type { Log } from '../telemetry/log.ts'
import type { BlobStore, StoredBlob } from './blob-store.ts'
import { spoolFolder, sweepSpool } from './spool.ts'
import { strangersMark } from './sweeper.ts'

const DAY_MS = 86_400_000
/** No upload takes a day; and from its last byte to its row it takes moments, of which two days are more than enough. */
const [SPOOLED_MS, WITHOUT_ROW_MS] = [DAY_MS, 2 * DAY_MS] as const
const AT_ONCE = 500

type Sweeping = { door: CustodyDoor; blobs: BlobStore; now: Date; signal?: AbortSignal | undefined }

/**
 * Removes what uploads that were broken off have left in the store: blobs of the companies of this installation that no row names, or one
 * that is purged, two days after they were last put. Of companies that are not here nothing is touched. Answers how many.
 */
export async function sweepBlobs({ door, blobs, now, signal }: Sweeping): Promise<number> {
  const before = new Date(now.getTime() - WITHOUT_ROW_MS)
  let swept = 0
  for (const tenantId of await door.run(companies)) {
    for await (const batch of inBatches(oldOnes(blobs, tenantId, before, signal))) {
      const known = await door.run((custody) => namedOf(custody, tenantId, [...batch.keys()]))
      if (known === null) break
      for (const [sha256, { key }] of batch)
        if (!known.has(sha256)) swept += await removeIfOld(blobs, key, before, signal)
    }
  }
  return swept
}

/** Asked once more: somebody may have put it again just now. */
async function removeIfOld(blobs: BlobStore, key: string, before: Date, signal?: AbortSignal): Promise<number> {
  const found = await blobs.stat(key, signal)
  if (found === null || found.modified >= before) return 0
  await blobs.remove(key, signal)
  return 1
}

type Old = readonly [sha256: string, blob: StoredBlob]

async function* oldOnes(blobs: BlobStore, tenantId: string, before: Date, signal?: AbortSignal): AsyncGenerator<Old> {
  for await (const blob of blobs.list(`${tenantId}/`, signal)) {
    const [, , sha256 = '', ...rest] = blob.key.split('/')
    if (/^[0-9a-f]{64}$/.test(sha256) && rest.length === 0 && blob.modified < before) yield [sha256, blob]
  }
}

async function* inBatches(all: AsyncIterable<Old>): AsyncGenerator<Map<string, StoredBlob>> {
  let batch = new Map<string, StoredBlob>()
  for await (const [sha256, blob] of all) {
    batch.set(sha256, blob)
    if (batch.size < AT_ONCE) continue
    yield batch
    batch = new Map()
  }
  if (batch.size > 0) yield batch
}

const companies = async ({ db }: EdgeCustody): Promise<string[]> =>
  (await sql<{ id: string }>`select id from control.tenants order by id`.execute(db)).rows.map(({ id }) => id)

/** Which of them are files of the company; null where that cannot be said now: it is on the move, or its schema behind. */
async function namedOf({ db }: EdgeCustody, tenantId: string, hashes: string[]): Promise<Set<string> | null> {
  // Held, or a move could end between this statement and the next, and the rows would be looked for where they no longer are.
  const { rows: place } = await sql<{ schema: string; there: boolean }>`
    select schema_name as schema, to_regclass(format('%I.files', schema_name)) is not null as there
      from control.tenants where id = ${tenantId} and not moving for share`.execute(db)
  if (place[0]?.there !== true) return null
  const { rows } = await sql<{ sha256: string }>`
    select sha256 from ${sql.id(place[0].schema, 'files')}
     where tenant_id = ${tenantId} and sha256 = any (${hashes}) and purged_at is null`.execute(db)
  return new Set(rows.map(({ sha256 }) => sha256))
}

const sweeping = jobKind({
  name: 'blobs.sweep',
  input: Shape({}),
  limits: { seconds: 3 * 3600, concurrency: 1, attempts: 3, priority: -10 },
})

type Deps = { installation: { custody: CustodyDoor }; blobs: BlobStore; config: Config; log: Log }

/** Every night; each machine with a worker sweeps its own spool only when the job happens to come to it. */
export const blobJobs = ({ installation: { custody: door }, blobs, config, log }: Deps): readonly Job[] => [
  job(sweeping, {
    reach: async (_input, { signal }) => {
      const now = new Date()
      const spooled = await sweepSpool(spoolFolder(config), new Date(now.getTime() - SPOOLED_MS))
      const mark = await strangersMark(door, blobs, spoolFolder(config))
      if (mark !== null)
        log.warn(
          { mark },
          'the store is swept by another database and not by this one; where that is gone, remove this mark',
        )
      const stored = mark === null ? await sweepBlobs({ door, blobs, now, signal }) : 0
      if (spooled + stored > 0) log.info({ spooled, stored }, 'swept what uploads had left')
    },
  }),
]

export const blobSchedules: readonly Schedule[] = [
  schedule({
    ...{ name: 'blobs.sweep', cron: '20 4 * * *', zone: 'Etc/UTC', per: 'installation', catchUp: 'one' },
    ...{ kind: sweeping, input: () => ({}) },
  }),
]
