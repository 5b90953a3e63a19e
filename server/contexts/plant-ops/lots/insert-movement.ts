import { sql } from 'kysely'
import { newId } from '#platform/new-id.ts'
import type { FloorWork } from '../tables.ts'
import { lotRefusals } from './refusals.ts'
import type { Lot } from './schemas.ts'

type NewMovement = {
  kind: 'receive' | 'consume' | 'produce' | 'split' | 'merge' | 'ship' | 'discard'
  from_lot_id?: string
  to_lot_id?: string
  batch_id?: string | null
  quantity: number
  destination?: string | null
  note?: string | null
  at: number
}

/** Adds a movement to the record; what it takes from a lot is taken by `takeFromLot`. */
export async function insertMovement(work: FloorWork, plant_id: string, movement: NewMovement): Promise<void> {
  const {
    kind,
    from_lot_id = null,
    to_lot_id = null,
    batch_id = null,
    quantity,
    at,
    destination = null,
    note = null,
  } = movement
  await sql`
    insert into lot_movements (tenant_id, id, plant_id, kind, from_lot_id, to_lot_id, batch_id, quantity, destination, note, at,
           recorded_at, recorded_by)
    values (${work.tenantId}, ${newId()}, ${plant_id}, ${kind}, ${from_lot_id}, ${to_lot_id}, ${batch_id}, ${quantity}, ${destination},
           ${note}, ${new Date(at).toISOString()}, ${work.now}, ${work.actor.id})`.execute(work.db)
}

/** Takes a quantity from what is on hand of a lot that is locked; refused where there is less. */
export async function takeFromLot(work: FloorWork, lot: Lot, quantity: number): Promise<void> {
  const { rows } = await sql`
    update lots set on_hand = on_hand - ${quantity}::numeric, revision = revision + 1, updated_at = ${work.now},
           updated_by = ${work.actor.id}
     where tenant_id = ${work.tenantId} and id = ${lot.id} and on_hand >= ${quantity}::numeric returning id`.execute(
    work.db,
  )
  if (rows.length > 0) return
  const details = [{ field: 'quantity', message: `${lot.on_hand} ${lot.unit} are on hand` }]
  throw lotRefusals.refuse('lots.not_enough', { details })
}
