import { sql } from 'kysely'
import type { DocumentWork } from '../tables.ts'
import { tellExpiry } from './events.ts'
import { readToday } from './read-today.ts'

const BATCH = 500
type Row = { id: string; plant_id: string | null; expiry_date: string }

/**
 * Announces what expires: once per expiry date when its notice begins, and once when it is past (the day itself still counts). What was past
 * before its notice could be given is announced as expired alone. Answers with whether there is more.
 */
export async function expireDocuments(work: DocumentWork): Promise<boolean> {
  const { db, tenantId } = work
  const today = await readToday(work)
  let more = false
  for (const past of [true, false]) {
    const due = past
      ? sql`d.expiry_date < ${today} and d.expired_told is distinct from d.expiry_date`
      : sql`d.expiry_date >= ${today} and d.expiry_date - d.expiry_notice_days <= ${today}::date
            and d.expiring_told is distinct from d.expiry_date`
    const told = past ? sql`expired_told` : sql`expiring_told`
    // The revision stays: nothing that anybody said of the document has changed.
    const { rows } = await sql<Row>`
      update documents u set ${told} = u.expiry_date
        from (select d.tenant_id, d.id from documents d
               where d.tenant_id = ${tenantId} and d.deleted_at is null and d.expiry_date is not null and ${due}
               order by d.expiry_date, d.id limit ${BATCH} for update) d
       where u.tenant_id = d.tenant_id and u.id = d.id
      returning u.id, u.plant_id, u.expiry_date`.execute(db)
    for (const row of rows) work.announce(tellExpiry(row, past))
    more ||= rows.length === BATCH
  }
  return more
}
