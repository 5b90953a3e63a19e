import { sql } from 'kysely'
import { checkRevision } from '#platform/http/etag.ts'
import type { EvidenceWork } from '../tables.ts'
import { plantOfPack, tellDeleted } from './events.ts'
import { lockPack } from './read-pack.ts'

type Target = { id: string; revisions: readonly number[] | null }

/** Hides a pack; what was handed out goes on being checked by itself. */
export async function deletePack(work: EvidenceWork, { id, revisions }: Target): Promise<void> {
  const pack = await lockPack(work, id)
  checkRevision(pack, revisions)
  await sql`
    update evidence_packs set deleted_at = ${work.now}, revision = revision + 1, updated_at = ${work.now}, updated_by = ${work.actor.id}
     where tenant_id = ${work.tenantId} and id = ${id}`.execute(work.db)
  const entry = { action: 'evidence.deleted', resource: 'evidence_pack', resource_id: id, plant_id: plantOfPack(pack) }
  work.record(entry, tellDeleted(pack))
}
