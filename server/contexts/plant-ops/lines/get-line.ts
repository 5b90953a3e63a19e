import { sql } from 'kysely'
import type { FloorWork } from '../tables.ts'
import { lineRefusals } from './refusals.ts'
import { ProductionLine } from './schemas.ts'

// security-ok: the names of our own schema
export const lineColumns = sql.raw(
  Object.keys(ProductionLine.properties)
    .map((name) => `l.${name}`)
    .join(', '),
)

/** A live line in scope. */
export async function getLine({ db, tenantId }: FloorWork, id: string): Promise<ProductionLine> {
  const { rows } = await sql<ProductionLine>`
    select ${lineColumns} from lines l
     where l.tenant_id = ${tenantId} and l.id = ${id} and l.deleted_at is null`.execute(db)
  if (rows[0] === undefined) throw lineRefusals.refuse('lines.not_found')
  return rows[0]
}

/** The same, held until the transaction ends: whatever is written of a line is written one after the other. */
export async function lockLine({ db, tenantId }: FloorWork, id: string): Promise<ProductionLine> {
  const { rows } = await sql<ProductionLine>`
    select ${lineColumns} from lines l
     where l.tenant_id = ${tenantId} and l.id = ${id} and l.deleted_at is null for update`.execute(db)
  if (rows[0] === undefined) throw lineRefusals.refuse('lines.not_found')
  return rows[0]
}
