import { sql } from 'kysely'
import { knownTimeZone } from '#platform/tenancy/tenant-day.ts'
import type { EvidenceWork } from '../tables.ts'
import { MOST_BYTES, MOST_FILES } from './create-pack.ts'
import { absenceOf, withDocuments, type PackRow, type Plan } from './plan.ts'
import { readFiles } from './read-files.ts'
import { evidenceRefusals } from './refusals.ts'
import type { EvidenceHistory, EvidenceSources } from './source.ts'

/** From here on this transaction sees the plants that the maker saw, and no others; null: all of the company. */
export async function narrowPlants({ db }: EvidenceWork, plants: readonly string[] | null): Promise<void> {
  if (plants === null) return
  await sql`select set_config('app.all_plants', 'off', true), set_config('app.plants', ${plants}::uuid[]::text, true)`.execute(
    db,
  )
}

/** A pack that is to be built; null where it is done, or was taken away. */
async function findBuilding({ db, tenantId }: EvidenceWork, id: string): Promise<PackRow | null> {
  const { rows } = await sql<PackRow>`
    select id, kind, subject, name, language, versions, plant_ids, permissions, seen_plants, granted, documents, created_at, created_by
      from evidence_packs where tenant_id = ${tenantId} and id = ${id} and status = 'building' and deleted_at is null`.execute(
    db,
  )
  return rows[0] ?? null
}

async function readPeople({ db, tenantId }: EvidenceWork, makerId: string | null) {
  const { rows } = await sql<{ name: string; zone: string | null; maker: string | null }>`
    select t.name, t.configuration ->> 'time_zone' as zone,
           (select coalesce((select nullif(u.name || ' ' || u.surname, ' ') from control.users u where u.tenant_id = ${tenantId} and u.id = ${makerId}::uuid),
                            (select k.name from control.api_keys k where k.tenant_id = ${tenantId} and k.id = ${makerId}::uuid))) as maker
      from control.tenants t where t.id = ${tenantId}`.execute(db)
  const { name, zone, maker } = rows[0]!
  return { company: { id: tenantId, name, zone: knownTimeZone(zone) }, maker: { id: makerId, name: maker } }
}

/** What goes into a pack, in one snapshot of what its maker may see; null where there is nothing to build any more. */
export async function readPlan(
  work: EvidenceWork,
  { sources, history }: { sources: EvidenceSources; history: EvidenceHistory },
  id: string,
): Promise<Plan | null> {
  const pack = await findBuilding(work, id)
  if (pack === null) return null
  const people = await readPeople(work, pack.created_by)
  await narrowPlants(work, pack.seen_plants)
  const collected = (await sources[pack.kind]?.collect(work, pack.subject)) ?? null
  if (collected === null) throw evidenceRefusals.refuse('evidence.subject_not_found')
  const chosen = { choice: collected.documents, versions: pack.versions, period: collected.history.period }
  const files = await readFiles(work, chosen, MOST_FILES + 1)
  if (files.length > MOST_FILES) throw evidenceRefusals.refuse('evidence.too_many_documents')
  const bytes = files.reduce((sum, file) => sum + (absenceOf(file) === null ? file.size : 0), 0)
  if (bytes > MOST_BYTES) throw evidenceRefusals.refuse('evidence.too_large')
  const reach = await history.reach(work, { action: 'evidence.requested', resource_id: id })
  if (reach === null) throw evidenceRefusals.refuse('evidence.trail_behind', { retryAfterS: 2 })
  const heads = (await history.heads(work)).filter(({ number }) => number <= reach.number)
  return { pack, ...people, collected, files, history: withDocuments(collected.history, files), reach, heads }
}
