import { sql } from 'kysely'
import { enqueue } from '#platform/jobs/enqueue.ts'
import type { EdgeWork } from '#platform/database/work.ts'
import type { Embedder } from '#platform/model/embeddings.ts'
import { indexOrder } from '../text/orders.ts'
import { takeUpEdition } from './fill-vectors.ts'
import { vectorsOrder } from './orders.ts'
import { PASSAGE_EDITION } from './passage.ts'
import type { SearchWork } from './tables.ts'
import { editionName } from './vector-edition.ts'
import { removePassages } from './write-passages.ts'

/** Jobs that one step asks for, contents that it clears, and pieces that it takes away. */
const ORDERS = 500
const CLEARED = 20
const SWEPT = 500

type Found = { sha256: string }

/** What was read and never cut, or cut by an edition before this one, is cut; what was purged is found no more. */
async function refreshPassages(work: EdgeWork): Promise<boolean> {
  const { db, tenantId }: SearchWork = work
  const { rows: outdated } = await sql<Found>`
    select t.sha256 from file_texts t join files f on f.tenant_id = t.tenant_id and f.sha256 = t.sha256
           left join passage_sets s on s.tenant_id = t.tenant_id and s.sha256 = t.sha256
     where t.tenant_id = ${tenantId} and t.state = 'read' and f.purged_at is null and s.edition is distinct from ${PASSAGE_EDITION}
     order by t.sha256 limit ${ORDERS}`.execute(db)
  for (const { sha256 } of outdated) await enqueue(work, indexOrder, { sha256 }, { key: sha256 })
  const { rows: purged } = await sql<Found>`
    select s.sha256 from passage_sets s join files f on f.tenant_id = s.tenant_id and f.sha256 = s.sha256
     where s.tenant_id = ${tenantId} and f.purged_at is not null limit ${CLEARED}`.execute(db)
  for (const { sha256 } of purged) await removePassages(work, sha256)
  return purged.length === CLEARED
}

/** Asks for the vectors that the configured edition lacks; where it lacks none, it is the one in use from here on. */
async function refreshEdition(work: EdgeWork, embedder: Embedder): Promise<void> {
  const { db, tenantId, now }: SearchWork = work
  const edition = editionName(embedder.edition)
  await takeUpEdition(work, embedder.edition)
  const { rows: lacking } = await sql<Found>`
    select s.sha256 from passage_sets s left join (
        select sha256, sum(count) as vectors from passage_vectors where tenant_id = ${tenantId} and edition = ${edition} group by sha256
      ) as v on v.sha256 = s.sha256
     where s.tenant_id = ${tenantId} and s.passages > coalesce(v.vectors, 0) order by s.sha256 limit ${ORDERS}`.execute(
    db,
  )
  for (const { sha256 } of lacking) await enqueue(work, vectorsOrder, { sha256 }, { key: sha256 })
  if (lacking.length > 0) return
  await sql`update vector_editions set state = 'old' where tenant_id = ${tenantId} and state = 'current' and edition <> ${edition}`.execute(
    db,
  )
  await sql`update vector_editions set state = 'current', completed_at = ${now.toISOString()}
    where tenant_id = ${tenantId} and edition = ${edition} and state = 'filling'`.execute(db)
}

/** Takes away what no search asks any more; whether there is more of it. */
async function sweepEditions({ db, tenantId }: SearchWork): Promise<boolean> {
  const { rows } = await sql<Found>`
    delete from passage_vectors where (tenant_id, edition, sha256, ord) in (
      select v.tenant_id, v.edition, v.sha256, v.ord from passage_vectors v join vector_editions e using (tenant_id, edition)
       where v.tenant_id = ${tenantId} and e.state = 'old' limit ${SWEPT}) returning sha256`.execute(db)
  if (rows.length === SWEPT) return true
  await sql`delete from vector_editions where tenant_id = ${tenantId} and state = 'old'`.execute(db)
  return false
}

/** One step; whether another is to follow. Without an embedder vectors stay as they are: it may be back tomorrow. */
export async function refreshSearch(work: EdgeWork, embedder: Embedder | null): Promise<boolean> {
  const more = await refreshPassages(work)
  if (embedder === null) return more
  await refreshEdition(work, embedder)
  return (await sweepEditions(work)) || more
}
