import type { Kysely } from 'kysely'
import type { EdgeCustody } from '../database/custody.ts'
import type { Work } from '../database/work.ts'
import type { JobTables } from './enqueue.ts'
import { jobRefusals } from './job-refusals.ts'
import type { JobAnswer, JobQuery } from './job-schemas.ts'

type JobPage = { items: JobAnswer[]; next_cursor: string | null }

const selectJobs = (db: Kysely<JobTables>) =>
  db
    .selectFrom('control.jobs')
    .select(['id', 'kind', 'state', 'priority', 'key', 'run_at', 'attempts', 'last_error'])
    .select(['enqueued_by', 'created_at', 'finished_at'])
    .$castTo<JobAnswer>()

/** Ids rise with time, so the last one of a page is where the next one begins. */
async function pageOf(selected: ReturnType<typeof selectJobs>, query: JobQuery): Promise<JobPage> {
  let rows = selected
  if (query.state !== undefined) rows = rows.where('state', '=', query.state)
  if (query.kind !== undefined) rows = rows.where('kind', '=', query.kind)
  if (query.cursor !== undefined) rows = rows.where('id', '<', query.cursor)
  const found = await rows
    .orderBy('id', 'desc')
    .limit(query.limit + 1)
    .execute()
  const items = found.slice(0, query.limit)
  return { items, next_cursor: found.length > query.limit ? (items.at(-1)?.id ?? null) : null }
}

/** The tenant's jobs, newest first. */
export const listJobs = ({ db, tenantId }: Work<JobTables>, query: JobQuery): Promise<JobPage> =>
  pageOf(selectJobs(db).where('tenant_id', '=', tenantId), query)

/** Those of everybody, or of one tenant, or with null the installation's own. */
export const listAllJobs = ({ db }: EdgeCustody, query: JobQuery & { tenantId?: string | null }): Promise<JobPage> => {
  const rows = selectJobs(db as Kysely<JobTables>)
  const { tenantId } = query
  if (tenantId === undefined) return pageOf(rows, query)
  return pageOf(tenantId === null ? rows.where('tenant_id', 'is', null) : rows.where('tenant_id', '=', tenantId), query)
}

/** One job of the tenant. */
export async function getJob({ db, tenantId }: Work<JobTables>, id: string): Promise<JobAnswer> {
  const row = await selectJobs(db).where('tenant_id', '=', tenantId).where('id', '=', id).executeTakeFirst()
  if (!row) throw jobRefusals.refuse('jobs.not_found')
  return row
}
