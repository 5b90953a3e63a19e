import { sql } from 'kysely'
import type { FloorWork } from './tables.ts'

const found = async ({ db }: FloorWork, query: ReturnType<typeof sql>): Promise<boolean> =>
  (await query.execute(db)).rows.length > 0

/** Whether a line is there and in scope; a hidden one is not. For whoever links something to it. */
export const lineExists = (work: FloorWork, id: string): Promise<boolean> =>
  found(work, sql`select from lines where tenant_id = ${work.tenantId} and id = ${id} and deleted_at is null`)

/** The same of a batch. */
export const batchExists = (work: FloorWork, id: string): Promise<boolean> =>
  found(work, sql`select from batches where tenant_id = ${work.tenantId} and id = ${id} and deleted_at is null`)

/** The same of a lot. */
export const lotExists = (work: FloorWork, id: string): Promise<boolean> =>
  found(work, sql`select from lots where tenant_id = ${work.tenantId} and id = ${id}`)
