import { sql } from 'kysely'
import type { Static } from 'typebox'
import { newId } from '#platform/new-id.ts'
import { plantsExist } from '#contexts/plants'
import { violated } from '#platform/database/database-refusals.ts'
import { checkRevision } from '#platform/http/etag.ts'
import { askedInstant } from '../asked-time.ts'
import { findBatch } from '../batches/get-batch.ts'
import { changesOf } from '../changes.ts'
import type { FloorWork } from '../tables.ts'
import { tellLotCreated, tellLotUpdated } from './events.ts'
import { getLot, lockLot, lotColumns } from './get-lot.ts'
import { insertMovement } from './insert-movement.ts'
import { lotRefusals } from './refusals.ts'
import type { Lot, LotChange, NewLot, ProducedLot } from './schemas.ts'

type Origin = 'received' | 'produced' | 'split' | 'merged'
export type FreshLot = Pick<Lot, 'plant_id' | 'code' | 'material' | 'unit' | 'quantity'> & {
  origin: Origin
  supplier?: string | null
  expiry_date?: string | null
}

/** Adds a lot, whole on hand; what it comes from is the caller's to say. */
export async function insertLot(work: FloorWork, lot: FreshLot): Promise<Lot> {
  const { plant_id, code, material, unit, quantity, origin, supplier = null, expiry_date = null } = lot
  const { rows } = await sql<Lot>`
    insert into lots as l (tenant_id, id, plant_id, code, material, unit, quantity, on_hand, supplier, expiry_date, origin,
           created_at, updated_at, created_by, updated_by)
    values (${work.tenantId}, ${newId()}, ${plant_id}, ${code}, ${material}, ${unit}, ${quantity}, ${quantity}, ${supplier},
           ${expiry_date}, ${origin}, ${work.now}, ${work.now}, ${work.actor.id}, ${work.actor.id})
    returning ${lotColumns}`
    .execute(work.db)
    .catch((error: unknown) => {
      if (violated(error) === 'lots_code') throw lotRefusals.refuse('lots.code_taken', { cause: error })
      throw error
    })
  const made = rows[0]!
  const entry = { action: 'lots.created', resource: 'lot', resource_id: made.id, plant_id }
  work.record({ ...entry, after: { ...lot } }, tellLotCreated(made))
  return made
}

/** Takes in a lot from outside. */
export async function createLot(work: FloorWork, body: Static<typeof NewLot>): Promise<Lot> {
  const { at: when, ...lot } = body
  const at = askedInstant(when, work.now)
  if (!(await plantsExist(work, [lot.plant_id]))) throw lotRefusals.refuse('lots.plant_not_found')
  const made = await insertLot(work, { ...lot, origin: 'received' })
  await insertMovement(work, made.plant_id, { kind: 'receive', to_lot_id: made.id, quantity: made.quantity, at })
  return made
}

/** A lot that came out of a batch. */
export async function createProducedLot(
  work: FloorWork,
  batchId: string,
  body: Static<typeof ProducedLot>,
): Promise<Lot> {
  const at = askedInstant(body.at, work.now)
  const batch = await findBatch(work, batchId)
  if (batch.started_at === null) throw lotRefusals.refuse('lots.batch_not_started')
  const { code, quantity, material = batch.product_code, unit = batch.unit, expiry_date = null } = body
  const lot = { plant_id: batch.plant_id, code, quantity, material, unit, expiry_date, origin: 'produced' as const }
  const made = await insertLot(work, lot)
  await insertMovement(work, made.plant_id, { kind: 'produce', to_lot_id: made.id, batch_id: batchId, quantity, at })
  return made
}

type Asked = { id: string; change: Static<typeof LotChange>; revisions: readonly number[] | null }

/** Holds, blocks or releases a lot, or says more of it; its quantity is what its movements say. */
export async function changeLot(work: FloorWork, { id, change, revisions }: Asked): Promise<Lot> {
  const before = await lockLot(work, id)
  checkRevision(before, revisions)
  const changes = changesOf(before, change)
  if (changes === null) return before
  const { status, supplier, expiry_date } = { ...before, ...change }
  await sql`update lots set status = ${status}, supplier = ${supplier}, expiry_date = ${expiry_date}, revision = revision + 1,
                   updated_at = ${work.now}, updated_by = ${work.actor.id}
             where tenant_id = ${work.tenantId} and id = ${id}`.execute(work.db)
  const entry = { action: 'lots.updated', resource: 'lot', resource_id: id, plant_id: before.plant_id }
  work.record({ ...entry, ...changes }, tellLotUpdated(before, changes.after))
  return getLot(work, id)
}
