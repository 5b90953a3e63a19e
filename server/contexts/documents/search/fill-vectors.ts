import { sql } from 'kysely'
import type { Database } from '#platform/database/work.ts'
import { systemScope } from '#platform/database/system-scope.ts'
import { enqueue } from '#platform/jobs/enqueue.ts'
import type { RunningJob } from '#platform/jobs/job-kind.ts'
import type { Embedder } from '#platform/model/embeddings.ts'
import { planesOf } from '#platform/vectors/quantised.ts'
import { refreshOrder } from './orders.ts'
import type { SearchWork } from './tables.ts'
import { editionName, PIECE } from './vector-edition.ts'

type Lacking = { made_at: string; from: number; texts: string[] }
/** When the refresh looks whether that was the last content of a new edition. */
const LOOK_AFTER_MS = 30_000

/** The edition that is configured, as a row: in use at once where none is, since some vectors find more than none. */
export async function takeUpEdition({ db, tenantId, now }: SearchWork, edition: Embedder['edition']): Promise<void> {
  const at = now.toISOString()
  const { rows } = await sql`
    select from vector_editions where tenant_id = ${tenantId} and edition = ${editionName(edition)} and state <> 'old'`.execute(
    db,
  )
  if (rows.length > 0) return
  // One after the other: two who both find none in use would both make theirs the one, and the second would fail.
  await sql`select pg_advisory_xact_lock(hashtextextended('vectors:' || ${tenantId}, 0))`.execute(db)
  await sql`
    insert into vector_editions (tenant_id, edition, model, dimensions, state, started_at, completed_at)
    select ${tenantId}, ${editionName(edition)}, ${edition.model}, ${edition.dimensions},
           case when current.here then 'filling' else 'current' end, ${at}, case when not current.here then ${at}::timestamptz end
      from (select exists (select from vector_editions where tenant_id = ${tenantId} and state = 'current') as here) as current
        on conflict (tenant_id, edition) do update set state = 'filling', started_at = excluded.started_at where vector_editions.state = 'old'`.execute(
    db,
  )
}

/** The next passages without a vector; null where none lacks one. */
async function lackingOf({ db, tenantId }: SearchWork, edition: string, sha256: string): Promise<Lacking | null> {
  const { rows } = await sql<Lacking>`
    select s.made_at, done.from, array(
             select p.text from passages p where p.tenant_id = s.tenant_id and p.sha256 = s.sha256 and p.ord >= done.from
              order by p.ord limit ${PIECE}) as texts
      from passage_sets s cross join lateral (
        select coalesce(max(v.ord + v.count), 0) as from from passage_vectors v
         where v.tenant_id = s.tenant_id and v.edition = ${edition} and v.sha256 = s.sha256) as done
     where s.tenant_id = ${tenantId} and s.sha256 = ${sha256} and done.from < s.passages`.execute(db)
  return rows[0] ?? null
}

/** Written where the content was not cut anew meanwhile, and nobody else was faster. */
async function writePiece(
  work: SearchWork,
  edition: Embedder['edition'],
  sha256: string,
  { made_at, from }: Lacking,
  vectors: readonly Float32Array[],
): Promise<void> {
  const { db, tenantId } = work
  const { scales, coarse, fine } = planesOf(vectors)
  await takeUpEdition(work, edition)
  const { rows } = await sql`
    select from passage_sets s where s.tenant_id = ${tenantId} and s.sha256 = ${sha256} and s.made_at = ${made_at} for update`.execute(
    db,
  )
  if (rows.length === 0) return
  await sql`
    with piece as (
      select ${editionName(edition)} as edition, ${sha256} as sha256, ${from}::integer as ord, ${vectors.length}::integer as count
       where not exists (select from passage_vectors v where v.tenant_id = ${tenantId} and v.edition = ${editionName(edition)}
                            and v.sha256 = ${sha256} and v.ord >= ${from})
    ), edition as (
      update vector_editions e set written = e.written + 1, vectors = e.vectors + piece.count from piece
       where e.tenant_id = ${tenantId} and e.edition = piece.edition returning e.written
    )
    insert into passage_vectors (tenant_id, edition, sha256, ord, count, written, scales, coarse, fine)
    select ${tenantId}, piece.edition, piece.sha256, piece.ord, piece.count, edition.written, ${scales}, ${coarse}, ${fine}
      from piece cross join edition`.execute(db)
}

/**
 * The vectors of a content's passages, piece by piece: texts are read in one Work, the model is asked in none, and what it says is written in another.
 * Repeating it asks for what is lacking only.
 */
export async function fillVectors(
  database: Database,
  embedder: Embedder,
  sha256: string,
  { id, tenantId, signal }: RunningJob,
): Promise<void> {
  const scope = systemScope(tenantId!, `documents.make_vectors ${id}`)
  const { edition } = embedder
  for (let last = -1; ;) {
    const lacking = await database.read(scope, (work) => lackingOf(work, editionName(edition), sha256))
    // A content that was cut anew, or that another job fills, is looked at anew; one that makes no headway is left.
    if (lacking === null || lacking.from === last) break
    last = lacking.from
    const vectors = await embedder.embed(lacking.texts, { edition, signal, patient: true })
    await database.write(scope, (work) => writePiece(work, edition, sha256, lacking, vectors))
  }
  await database.write(scope, (work) =>
    enqueue(work, refreshOrder, {}, { key: 'refresh', runAt: new Date(work.now.getTime() + LOOK_AFTER_MS) }),
  )
}
