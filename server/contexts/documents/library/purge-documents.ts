import { sql } from 'kysely'
import { enqueue } from '#platform/jobs/enqueue.ts'
import { indexOrder } from '../text/orders.ts'
import type { DocumentWork } from '../tables.ts'
import { tellPurged } from './events.ts'
import { readToday } from './read-today.ts'

const BATCH = 100
const DAY_MS = 86_400_000
type Row = { id: string; plant_id: string | null }

/**
 * Takes out of the trash for good what has lain there long enough and nothing keeps, some at a time. A hold that was set meanwhile wins: each
 * row is looked at once more when it is locked. Answers with whether there is more.
 */
export async function purgeDocuments(work: DocumentWork, trashDays: number): Promise<boolean> {
  const { db, tenantId } = work
  const [at, before] = [work.now.toISOString(), new Date(work.now.getTime() - trashDays * DAY_MS).toISOString()]
  const today = await readToday(work)
  const { rows } = await sql<Row>`
    update documents u set purged_at = ${at}, updated_at = ${at}, updated_by = null, revision = u.revision + 1
      from (select d.tenant_id, d.id from documents d
             where d.tenant_id = ${tenantId} and d.deleted_at <= ${before} and d.purged_at is null and d.held_at is null
               and (d.retain_until is null or d.retain_until < ${today})
             order by d.deleted_at, d.id limit ${BATCH} for update skip locked) d
     where u.tenant_id = d.tenant_id and u.id = d.id
    returning u.id, u.plant_id`.execute(db)
  for (const row of rows) {
    const entry = { action: 'documents.purged', resource: 'document', resource_id: row.id, plant_id: row.plant_id }
    work.record(entry, tellPurged(row))
  }
  await purgeContents(
    work,
    rows.map(({ id }) => id),
  )
  return rows.length === BATCH
}

/** Of these documents' contents those that nothing else has: their bytes are to go, and what was read out of them goes at once. */
async function purgeContents(work: DocumentWork, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  const { db, tenantId, now } = work
  // Locked before it is asked who else has them: whoever uploads the same content meanwhile holds the row (insertContent).
  const { rows: locked } = await sql<{ sha256: string }>`
    select f.sha256 from files f
     where f.tenant_id = ${tenantId} and f.purged_at is null
       and f.sha256 in (select v.sha256 from document_versions v where v.tenant_id = ${tenantId} and v.document_id = any (${ids}::uuid[]))
     order by f.sha256 for update`.execute(db)
  const { rows: gone } = await sql<{ sha256: string }>`
    update files f set purged_at = ${now.toISOString()}, removed_at = null
     where f.tenant_id = ${tenantId} and f.sha256 = any (${locked.map(({ sha256 }) => sha256)}::text[])
       and not exists (select from document_versions v
                         join documents d on d.tenant_id = v.tenant_id and d.id = v.document_id and d.purged_at is null
                        where v.tenant_id = f.tenant_id and v.sha256 = f.sha256)
       and not exists (select from evidence_packs e
                        where e.tenant_id = f.tenant_id and e.sha256 = f.sha256 and e.deleted_at is null)
    returning f.sha256`.execute(db)
  await forgetTexts(
    work,
    gone.map(({ sha256 }) => sha256),
  )
}

/** What was read out of contents that are gone goes too; one that comes back is read anew. */
async function forgetTexts(work: DocumentWork, contents: readonly string[]): Promise<void> {
  const { db, tenantId } = work
  await sql`delete from file_pages where tenant_id = ${tenantId} and sha256 = any (${contents}::text[])`.execute(db)
  await sql`update file_texts set state = 'waiting', detail = null, reader = null, pages = null, pages_done = 0, language = null,
                   started_at = null, ended_at = null
             where tenant_id = ${tenantId} and sha256 = any (${contents}::text[])`.execute(db)
  // Its passages: of what is purged the order removes them.
  for (const sha256 of contents) await enqueue(work, indexOrder, { sha256 }, { key: sha256 })
}

/** Contents whose rows say that they are gone while the store may still have them. */
export async function readUnremoved({ db, tenantId }: DocumentWork): Promise<string[]> {
  const { rows } = await sql<{ sha256: string }>`
    select sha256 from files where tenant_id = ${tenantId} and purged_at is not null and removed_at is null
     order by sha256 limit ${BATCH * 10}`.execute(db)
  return rows.map(({ sha256 }) => sha256)
}

/** Notes that the store has let go of them: from now on they may be stored anew. */
export async function markRemoved({ db, tenantId, now }: DocumentWork, contents: readonly string[]): Promise<void> {
  await sql`update files set removed_at = ${now.toISOString()}
             where tenant_id = ${tenantId} and sha256 = any (${contents}::text[]) and purged_at is not null and removed_at is null`.execute(
    db,
  )
}
