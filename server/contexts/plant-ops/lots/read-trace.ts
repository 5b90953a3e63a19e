import { sql } from 'kysely'
import { findBatch } from '../batches/get-batch.ts'
import type { FloorWork } from '../tables.ts'
import { BALANCE_FORMULA, massBalance } from './balance.ts'
import { getLot, lotColumns } from './get-lot.ts'
import type { Lot, Movement, Trace, TracedBatch } from './schemas.ts'

export type Direction = 'backward' | 'forward'
const MOST = 5_000

const NEXT = {
  forward: sql`select coalesce(m.to_lot_id, m.batch_id) from reach r join lot_movements m on m.tenant_id = r.tenant_id
    and (m.from_lot_id = r.id and m.kind in ('consume', 'split', 'merge') or m.batch_id = r.id and m.kind = 'produce')`,
  backward: sql`select coalesce(m.from_lot_id, m.batch_id) from reach r join lot_movements m on m.tenant_id = r.tenant_id
    and (m.to_lot_id = r.id and m.kind in ('produce', 'split', 'merge') or m.batch_id = r.id and m.kind = 'consume')`,
}

/** The lots and batches that something went into, or came from; itself among them. Each once, whatever ways lead there. */
export async function readReach({ db, tenantId }: FloorWork, id: string, direction: Direction) {
  const { rows } = await sql<{ id: string }>`
    with recursive reach (tenant_id, id) as (
      select ${tenantId}::uuid, ${id}::uuid
      union
      select ${tenantId}::uuid, next.id from (${NEXT[direction]}) as next (id))
    select id from reach limit ${MOST + 1}`.execute(db)
  return { ids: rows.slice(0, MOST).map((row) => row.id), truncated: rows.length > MOST }
}

/** Everything that a lot went into or came from, with the movements between them. */
export async function readTrace(work: FloorWork, id: string, direction: Direction): Promise<Trace> {
  await getLot(work, id)
  return traceFrom(work, id, direction)
}

/** The same from a lot or a batch that the caller has seen. */
export async function traceFrom(work: FloorWork, id: string, direction: Direction): Promise<Trace> {
  const { ids, truncated } = await readReach(work, id, direction)
  const of = { tenant: work.tenantId, ids }
  const { rows: lots } = await sql<Lot>`
    select ${lotColumns} from lots l where l.tenant_id = ${of.tenant} and l.id = any (${ids}::uuid[]) order by l.created_at, l.id`.execute(
    work.db,
  )
  const { rows: batches } = await sql<TracedBatch>`
    select b.id, b.batch_number, b.product_code, b.unit, b.status, b.good_quantity::float8 as good_quantity,
           b.scrap_quantity::float8 as scrap_quantity, b.rework_quantity::float8 as rework_quantity
      from batches b where b.tenant_id = ${of.tenant} and b.id = any (${ids}::uuid[]) order by b.started_at, b.id`.execute(
    work.db,
  )
  const { rows: movements } = await sql<Movement>`
    select m.id, m.kind, m.from_lot_id, m.to_lot_id, m.batch_id, m.quantity::float8 as quantity, m.destination, m.note, m.at
      from lot_movements m
     where m.tenant_id = ${of.tenant} and (m.from_lot_id = any (${ids}::uuid[]) or m.to_lot_id = any (${ids}::uuid[]))
       and (m.from_lot_id is null or m.from_lot_id = any (${ids}::uuid[])) and (m.to_lot_id is null or m.to_lot_id = any (${ids}::uuid[]))
       and (m.batch_id is null or m.batch_id = any (${ids}::uuid[]))
     order by m.at, m.id limit ${4 * MOST + 1}`.execute(work.db)
  const cut = movements.length > 4 * MOST
  return { direction, lots, batches, movements: movements.slice(0, 4 * MOST), truncated: truncated || cut }
}

/** What went into a batch and what came out of it. */
export async function readBatchBalance(work: FloorWork, id: string) {
  const batch = await findBatch(work, id)
  const { rows } = await sql<{ unit: string; quantity: number; kind: string }>`
    select l.unit, m.kind, sum(m.quantity)::float8 as quantity
      from lot_movements m join lots l on l.tenant_id = m.tenant_id and l.id = coalesce(m.from_lot_id, m.to_lot_id)
     where m.tenant_id = ${work.tenantId} and m.batch_id = ${id} group by l.unit, m.kind order by l.unit, m.kind`.execute(
    work.db,
  )
  const { rows: discards } = await sql<{ unit: string; quantity: number }>`
    select l.unit, sum(m.quantity)::float8 as quantity
      from lot_movements p join lots l on l.tenant_id = p.tenant_id and l.id = p.to_lot_id
      join lot_movements m on m.tenant_id = p.tenant_id and m.from_lot_id = p.to_lot_id and m.kind = 'discard'
     where p.tenant_id = ${work.tenantId} and p.batch_id = ${id} and p.kind = 'produce' group by l.unit order by l.unit`.execute(
    work.db,
  )
  const inputs = rows.filter(({ kind }) => kind === 'consume')
  const produced = rows.filter(({ kind, unit }) => kind === 'produce' && unit === batch.unit)
  const in_lots = produced.reduce((sum, { quantity }) => sum + quantity, 0)
  const { version, source, definitions } = BALANCE_FORMULA
  const formula = { version, source, definitions: { ...definitions } }
  return { batch_id: id, units: massBalance(batch, inputs, discards), in_lots, formula }
}
