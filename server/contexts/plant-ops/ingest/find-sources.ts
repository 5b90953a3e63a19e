import { sql } from 'kysely'
import type { ReadingWork } from '../tables.ts'
import { ofLivePlant } from '../sensors/get-sensor.ts'

/** The live sensors that these sources feed, as far as the caller sees their plants: ids by key. */
export async function findSources(
  { db, tenantId }: ReadingWork,
  keys: readonly string[],
): Promise<Map<string, string>> {
  const { rows } = await sql<{ source: string; id: string }>`
    select s.source, s.id from sensors s
     where s.tenant_id = ${tenantId} and s.deleted_at is null and s.source = any(${keys}::text[]) and ${ofLivePlant}`.execute(
    db,
  )
  return new Map(rows.map(({ source, id }) => [source, id]))
}

/** The units of sensors by their ids. */
export async function findUnits({ db, tenantId }: ReadingWork, ids: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await sql<{ id: string; unit: string }>`
    select id, unit from sensors where tenant_id = ${tenantId} and id = any(${ids}::uuid[])`.execute(db)
  return new Map(rows.map(({ id, unit }) => [id, unit]))
}
