import { sql } from 'kysely'
import type { Static } from 'typebox'
import { newId } from '#platform/new-id.ts'
import { page, type Page } from '#platform/http/shapes.ts'
import { askedInstant } from '../asked-time.ts'
import type { FloorWork } from '../tables.ts'
import { recallReport } from './balance.ts'
import { tellRecall } from './events.ts'
import { getLot } from './get-lot.ts'
import { readTrace } from './read-trace.ts'
import { lotRefusals } from './refusals.ts'
import type { NewRecall, Recall } from './schemas.ts'

const columns = sql`r.id, r.plant_id, r.lot_id, r.report, r.started_at, r.ended_at,
  extract(epoch from r.ended_at - r.started_at)::float8 as duration_s, r.created_at, r.created_by`

/** Runs a mock recall of a lot, and keeps its report: what was made of it, where that is, how much is accounted for, in what time. */
export async function runRecall(work: FloorWork, body: Static<typeof NewRecall>): Promise<Recall> {
  const began = askedInstant(body.started_at, work.now, 'started_at')
  const lot = await getLot(work, body.lot_id)
  const report = recallReport(lot, await readTrace(work, lot.id, 'forward'))
  const id = newId()
  // The clock of the database goes on while the trace is read; that of the Work stands.
  const { rows } = await sql<Recall>`
    insert into recalls as r (tenant_id, id, plant_id, lot_id, report, started_at, ended_at, created_at, created_by)
    values (${work.tenantId}, ${id}, ${lot.plant_id}, ${lot.id}, ${JSON.stringify(report)}::jsonb, ${new Date(began).toISOString()},
           greatest(clock_timestamp(), ${work.now}), ${work.now}, ${work.actor.id})
    returning ${columns}`.execute(work.db)
  const entry = { action: 'recalls.run', resource: 'recall', resource_id: id, plant_id: lot.plant_id }
  const { percentage } = report
  work.record(
    { ...entry, after: { lot_id: lot.id, percentage } },
    tellRecall({ id, lot_id: lot.id, plant_id: lot.plant_id, percentage }),
  )
  return rows[0]!
}

export async function getRecall({ db, tenantId }: FloorWork, id: string): Promise<Recall> {
  const { rows } = await sql<Recall>`
    select ${columns} from recalls r where r.tenant_id = ${tenantId} and r.id = ${id}`.execute(db)
  if (rows[0] === undefined) throw lotRefusals.refuse('recalls.not_found')
  return rows[0]
}

/** Mock recalls as they were run, newest first. */
export async function listRecalls(
  { db, tenantId }: FloorWork,
  { limit, offset }: { limit: number; offset: number },
): Promise<Page<Recall>> {
  const { rows } = await sql<Recall & { total: number }>`
    select counted.total, paged.* from (select count(*)::int as total from recalls r where r.tenant_id = ${tenantId}) as counted
      left join (select ${columns} from recalls r where r.tenant_id = ${tenantId}
                  order by r.created_at desc, r.id desc limit ${limit} offset ${offset}) as paged on true
     order by created_at desc, id desc`.execute(db)
  return page(
    rows.filter((row) => row.id !== null),
    rows[0]?.total ?? 0,
    { limit, offset },
  )
}
