import { type RawBuilder, sql } from 'kysely'
import { page, type Page } from '#platform/http/shapes.ts'
import type { FloorWork } from '../tables.ts'
import { lotRefusals } from './refusals.ts'
import { Lot } from './schemas.ts'

// security-ok: the names of our own schema
export const lotColumns = sql.raw(
  Object.keys(Lot.properties)
    .map((name) => (name === 'quantity' || name === 'on_hand' ? `l.${name}::float8 as ${name}` : `l.${name}`))
    .join(', '),
)

/** A lot in scope. */
export async function getLot({ db, tenantId }: FloorWork, id: string): Promise<Lot> {
  const { rows } = await sql<Lot>`
    select ${lotColumns} from lots l where l.tenant_id = ${tenantId} and l.id = ${id}`.execute(db)
  if (rows[0] === undefined) throw lotRefusals.refuse('lots.not_found')
  return rows[0]
}

/** The same, held until the transaction ends. */
export async function lockLot({ db, tenantId }: FloorWork, id: string): Promise<Lot> {
  const { rows } = await sql<Lot>`
    select ${lotColumns} from lots l where l.tenant_id = ${tenantId} and l.id = ${id} for update`.execute(db)
  if (rows[0] === undefined) throw lotRefusals.refuse('lots.not_found')
  return rows[0]
}

type Filter = {
  limit: number
  offset: number
  q?: string
  plant_id?: string
  status?: string
  material?: string
  batch_id?: string
}

/** Lots, newest first; `q` is found in code, material and supplier; batch_id: what came out of that batch. */
export async function listLots({ db, tenantId }: FloorWork, filter: Filter): Promise<Page<Lot>> {
  const { q, plant_id, status, material, batch_id, limit, offset } = filter
  const terms: RawBuilder<unknown>[] = [sql`l.tenant_id = ${tenantId}`]
  if (plant_id !== undefined) terms.push(sql`l.plant_id = ${plant_id}`)
  if (status !== undefined) terms.push(sql`l.status = ${status}`)
  if (material !== undefined) terms.push(sql`lower(l.material) = lower(${material})`)
  if (q !== undefined) terms.push(sql`strpos(lower(concat_ws(' ', l.code, l.material, l.supplier)), lower(${q})) > 0`)
  if (batch_id !== undefined) {
    terms.push(
      sql`l.id in (select m.to_lot_id from lot_movements m where m.tenant_id = ${tenantId} and m.batch_id = ${batch_id})`,
    )
  }
  const from = sql`from lots l where ${sql.join(terms, sql` and `)}`
  const { rows } = await sql<Lot & { total: number }>`
    select counted.total, paged.* from (select count(*)::int as total ${from}) as counted
      left join (select ${lotColumns} ${from} order by l.created_at desc, l.id desc limit ${limit} offset ${offset}) as paged on true
     order by created_at desc, id desc`.execute(db)
  return page(
    rows.filter((row) => row.id !== null),
    rows[0]?.total ?? 0,
    { limit, offset },
  )
}
