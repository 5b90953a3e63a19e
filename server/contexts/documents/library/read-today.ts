import { sql } from 'kysely'
import type { DocumentWork } from '../tables.ts'

/** The day it is where the company is: YYYY-MM-DD. */
export async function readToday({ db, tenantId, now }: DocumentWork): Promise<string> {
  const { rows } = await sql<{ today: string }>`
    select (${now.toISOString()}::timestamptz at time zone coalesce(t.configuration ->> 'time_zone', 'Europe/Rome'))::date as today
      from control.tenants t where t.id = ${tenantId}`.execute(db)
  return rows[0]!.today
}
