import { sql } from 'kysely'
import { Type } from 'typebox'
import { databaseRefusals } from '#platform/database/database-refusals.ts'
import { permissionsOf } from '#platform/events/read-events.ts'
import { Id, Shape } from '#platform/http/shapes.ts'
import { enqueue } from '#platform/jobs/enqueue.ts'
import { jobKind } from '#platform/jobs/job-kind.ts'
import { newId } from '#platform/new-id.ts'
import type { EvidenceWork } from '../tables.ts'
import { plantOfPack, tellRequested } from './events.ts'
import { countFiles } from './read-files.ts'
import { getPack } from './read-pack.ts'
import { evidenceRefusals } from './refusals.ts'
import type { EvidencePack, PackOrder } from './schemas.ts'
import type { Collected, EvidenceSources, Subject } from './source.ts'

/** Versions of documents in one pack, and their bytes together. */
export const MOST_FILES = 10_000
export const MOST_BYTES = 2 * 1024 ** 3

/** Builds a pack. Two gigabytes from a slow store take their time; one at a time of a company, two in all. */
export const packOrderKind = jobKind({
  name: 'documents.build_evidence',
  input: Shape({ pack_id: Type.Unsafe<string>(Id) }),
  limits: { seconds: 3_600, attempts: 6, wait: 2, longestWait: 600, concurrency: 2, perTenant: 1, priority: -5 },
})

/** What whoever acts may see: plants (null: all) and permissions. Kept with the pack, whose job sees no more. */
async function readRights(work: EvidenceWork): Promise<{ plants: string[] | null; granted: string[] }> {
  const { rows } = await sql<{ plants: string[] | null; granted: string[] | null }>`
    select case when current_setting('app.all_plants') = 'on' then null else current_setting('app.plants')::uuid[] end as plants,
           ${permissionsOf(work)} as granted`.execute(work.db)
  return { plants: rows[0]!.plants, granted: rows[0]!.granted ?? [] }
}

/** Of a period that is none, or none yet: it would be empty, or another one tomorrow. */
function checkPeriod({ history: { period } }: Collected): void {
  if (period !== null && Date.parse(period.from) >= Date.parse(period.to)) {
    const details = [{ field: 'subject.to', message: 'is not after from' }]
    throw evidenceRefusals.refuse('evidence.invalid', { details })
  }
}

/** What it takes to open it: to see what the source collects, and the names and contents that the trail in it has. */
const neededFor = (permissions: readonly string[], granted: readonly string[]): string[] => [
  ...new Set([
    ...['documents.read', ...permissions],
    ...['audit.read', 'people.read'].filter((one) => granted.includes(one)),
  ]),
]

/** Orders a pack: what it is about must be there, and no more than a pack holds. What is in it is what stands there when it is built. */
export async function createPack(
  work: EvidenceWork,
  sources: EvidenceSources,
  { subject: asked, language, versions = 'current', name }: PackOrder,
): Promise<EvidencePack> {
  const { kind, ...rest } = asked
  const source = sources[kind]!
  const { plants, granted } = await readRights(work)
  if (!['documents.read', ...source.permissions].every((one) => granted.includes(one))) {
    throw databaseRefusals.refuse('auth.forbidden')
  }
  const subject: Subject = rest
  const collected = await source.collect(work, subject)
  if (collected === null) throw evidenceRefusals.refuse('evidence.subject_not_found')
  checkPeriod(collected)
  const chosen = { choice: collected.documents, versions, period: collected.history.period }
  const counted = await countFiles(work, chosen)
  if (counted.files > MOST_FILES) throw evidenceRefusals.refuse('evidence.too_many_documents')
  if (counted.bytes > MOST_BYTES) throw evidenceRefusals.refuse('evidence.too_large')
  const pack = {
    id: newId(),
    kind,
    plant_ids: [...new Set([...collected.plant_ids, ...counted.plants])],
  }
  await work.db
    .insertInto('evidence_packs')
    .values({
      ...{ tenant_id: work.tenantId, ...pack, subject: JSON.stringify(subject), language, versions },
      name: (name ?? collected.title).slice(0, 255),
      permissions: neededFor(source.permissions, granted),
      ...{ seen_plants: plants, granted, documents: counted.files },
      ...{ created_at: work.now.toISOString(), updated_at: work.now.toISOString() },
      ...{ created_by: work.actor.id, updated_by: work.actor.id },
    })
    .execute()
  const entry = { action: 'evidence.requested', resource: 'evidence_pack', resource_id: pack.id }
  const after = { kind, files: counted.files }
  work.record({ ...entry, plant_id: plantOfPack(pack), after }, tellRequested(pack))
  await enqueue(work, packOrderKind, { pack_id: pack.id }, { key: pack.id })
  return getPack(work, pack.id)
}
