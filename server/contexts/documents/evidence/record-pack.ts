import { sql } from 'kysely'
import type { Spooled } from '#platform/blob/blob-store.ts'
import type { EvidenceWork } from '../tables.ts'
import { plantOfPack, tellFailed, tellReady, type PackOf } from './events.ts'
import type { Plan } from './plan.ts'
import type { Outcome } from './read-parts.ts'

/** A pack that is being built, held; null where it is not any more. */
async function holdBuilding({ db, tenantId }: EvidenceWork, id: string): Promise<PackOf | null> {
  const { rows } = await sql<PackOf>`
    select id, kind, plant_ids from evidence_packs
     where tenant_id = ${tenantId} and id = ${id} and status = 'building' for update`.execute(db)
  return rows[0] ?? null
}

/** How many documents have been dealt with. No entry in the trail: it is how the machine does its work. */
export async function notePackProgress({ db, tenantId }: EvidenceWork, id: string, done: number): Promise<void> {
  await sql`
    update evidence_packs set documents_done = ${done}, revision = revision + 1
     where tenant_id = ${tenantId} and id = ${id} and status = 'building'`.execute(db)
}

/** Files the archive as a content of the company, and tells that the pack is ready. */
export async function finishPack(
  work: EvidenceWork,
  { pack: { id, permissions }, files, collected }: Plan,
  { sha256, size }: Spooled,
  { learned, absent, unscanned, needed }: Outcome & { needed: readonly string[] },
): Promise<void> {
  const { db, tenantId, now } = work
  const pack = await holdBuilding(work, id)
  if (pack === null) return
  // What was scanned file by file is not scanned again as an archive.
  const scan = unscanned ? 'not_scanned' : 'clean'
  await db
    .insertInto('files')
    .values({
      ...{ tenant_id: tenantId, sha256, size, media_type: 'application/zip', scan },
      ...{ scanned_at: now.toISOString(), stored_at: now.toISOString() },
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const plants = [
    ...new Set([...pack.plant_ids, ...collected.plant_ids, ...files.flatMap((file) => file.plant_id ?? [])]),
  ]
  await sql`
    update evidence_packs
       set status = 'ready', sha256 = ${sha256}, size = ${size}, ready_at = ${now}, documents = ${files.length}, documents_done = ${files.length},
           absent = ${absent}, entries = ${learned.entries}, events = ${learned.events}, plant_ids = ${plants}::uuid[],
           permissions = ${[...new Set([...permissions, ...needed])]}::text[], revision = revision + 1, updated_at = ${now}
     where tenant_id = ${tenantId} and id = ${id}`.execute(db)
  const whole = { ...pack, plant_ids: plants }
  const entry = { action: 'evidence.built', resource: 'evidence_pack', resource_id: id, plant_id: plantOfPack(whole) }
  work.record({ ...entry, after: { sha256, size, files: files.length, absent } }, tellReady(whole, sha256))
}

/** Says why there will be no pack. */
export async function failPack(work: EvidenceWork, id: string, reason: string): Promise<void> {
  const pack = await holdBuilding(work, id)
  if (pack === null) return
  await sql`
    update evidence_packs set status = 'failed', failure = ${reason}, revision = revision + 1, updated_at = ${work.now}
     where tenant_id = ${work.tenantId} and id = ${id}`.execute(work.db)
  const entry = { action: 'evidence.failed', resource: 'evidence_pack', resource_id: id, plant_id: plantOfPack(pack) }
  work.record({ ...entry, after: { reason } }, tellFailed(pack, reason))
}
