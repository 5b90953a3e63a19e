import { sql } from 'kysely'
import type { Static } from 'typebox'
import { askedInstant } from '../asked-time.ts'
import type { FloorWork } from '../tables.ts'
import { insertLot } from './create-lot.ts'
import { tellLotMoved } from './events.ts'
import { getLot, lockLot } from './get-lot.ts'
import { insertMovement, takeFromLot } from './insert-movement.ts'
import { readReach } from './read-trace.ts'
import { lotRefusals } from './refusals.ts'
import type { Lot, LotMerge, LotSplit, NewMovement } from './schemas.ts'

type Body = Static<typeof NewMovement>

function checkMovement({ kind, unit, batch_id, destination }: Body, lot: Lot): void {
  if ((kind === 'consume') !== (batch_id !== undefined) || (kind === 'ship') !== (destination !== undefined)) {
    throw lotRefusals.refuse('lots.movement')
  }
  if (unit !== undefined && unit !== lot.unit) {
    const details = [{ field: 'unit', message: `must be ${lot.unit}` }]
    throw lotRefusals.refuse('lots.unit_mismatch', { details })
  }
  if (kind !== 'discard' && lot.status !== 'released') throw lotRefusals.refuse('lots.not_released')
}

/**
 * A batch takes no lot that comes from it. Only a consumption can close a circle, and those of one company go one after the
 * other from here on, so that two of them cannot close one together.
 */
async function checkBatch(work: FloorWork, lot: Lot, batchId: string): Promise<void> {
  const { rows } = await sql<{ started_at: string | null }>`
    select started_at from batches where tenant_id = ${work.tenantId} and id = ${batchId} and plant_id = ${lot.plant_id}
       and deleted_at is null`.execute(work.db)
  if (rows[0] === undefined) throw lotRefusals.refuse('lots.batch_not_found')
  if (rows[0].started_at === null) throw lotRefusals.refuse('lots.batch_not_started')
  await sql`select pg_advisory_xact_lock(hashtextextended(${`lots:${work.tenantId}`}, 0))`.execute(work.db)
  const { ids, truncated } = await readReach(work, batchId, 'forward')
  if (truncated || ids.includes(lot.id)) throw lotRefusals.refuse('lots.circle')
}

/** Puts a lot into a batch, sends it out, or throws it away. */
export async function moveLot(work: FloorWork, id: string, body: Body): Promise<Lot> {
  const at = askedInstant(body.at, work.now)
  const lot = await lockLot(work, id)
  checkMovement(body, lot)
  const { kind, quantity, batch_id = null, destination = null, note = null } = body
  if (batch_id !== null) await checkBatch(work, lot, batch_id)
  await takeFromLot(work, lot, quantity)
  await insertMovement(work, lot.plant_id, { kind, from_lot_id: id, batch_id, quantity, destination, note, at })
  const entry = { action: 'lots.moved', resource: 'lot', resource_id: id, plant_id: lot.plant_id }
  work.record({ ...entry, after: { ...body } }, tellLotMoved(lot, { kind, quantity, batch_id }))
  return getLot(work, id)
}

type Part = { code: string; quantity: number }
type Pour = { kind: 'split' | 'merge'; to: Lot; quantity: number; at: number }
async function pour(work: FloorWork, from: Lot, { kind, to, quantity, at }: Pour): Promise<void> {
  await takeFromLot(work, from, quantity)
  await insertMovement(work, from.plant_id, { kind, from_lot_id: from.id, to_lot_id: to.id, quantity, at })
  const entry = { action: 'lots.moved', resource: 'lot', resource_id: from.id, plant_id: from.plant_id }
  work.record(
    { ...entry, after: { kind, to: to.id, quantity } },
    tellLotMoved(from, { kind, quantity, batch_id: null }),
  )
}

/** Makes new lots of parts of one; what is not named stays in it. A part is held where the whole is. */
export async function splitLot(work: FloorWork, id: string, body: Static<typeof LotSplit>): Promise<{ items: Lot[] }> {
  const at = askedInstant(body.at, work.now)
  const lot = await lockLot(work, id)
  const { plant_id, material, unit, supplier, expiry_date, status } = lot
  const items: Lot[] = []
  for (const { code, quantity } of body.parts satisfies Part[]) {
    const to = await insertLot(work, {
      plant_id,
      material,
      unit,
      supplier,
      expiry_date,
      code,
      quantity,
      origin: 'split',
    })
    await pour(work, lot, { kind: 'split', to, quantity, at })
    if (status !== 'released') await keepStatus(work, to, status)
    items.push({ ...to, status })
  }
  return { items }
}

const keepStatus = (work: FloorWork, lot: Lot, status: string) =>
  sql`update lots set status = ${status} where tenant_id = ${work.tenantId} and id = ${lot.id}`.execute(work.db)

/** Makes one new lot of several of one plant, material and unit; the earliest expiry is its own. */
export async function mergeLots(work: FloorWork, body: Static<typeof LotMerge>): Promise<Lot> {
  const at = askedInstant(body.at, work.now)
  // In one order, so that two merges of the same lots do not wait for each other.
  const wanted = body.lots.toSorted((a, b) => (a.lot_id < b.lot_id ? -1 : 1))
  const lots: Lot[] = []
  for (const { lot_id } of wanted) lots.push(await lockLot(work, lot_id))
  const [first] = lots
  const { plant_id, material, unit } = first!
  const alike = lots.every((lot) => lot.plant_id === plant_id && lot.material === material && lot.unit === unit)
  if (!alike || new Set(lots.map(({ id }) => id)).size < lots.length) throw lotRefusals.refuse('lots.unlike')
  if (lots.some(({ status }) => status !== 'released')) throw lotRefusals.refuse('lots.not_released')
  const expiry_date =
    lots
      .map((lot) => lot.expiry_date)
      .filter((day) => day !== null)
      .toSorted()[0] ?? null
  const { rows } = await sql<{ quantity: number }>`
    select sum(q)::float8 as quantity from unnest(${wanted.map(({ quantity }) => quantity)}::numeric[]) as q`.execute(
    work.db,
  )
  const merged = {
    plant_id,
    material,
    unit,
    expiry_date,
    code: body.code,
    quantity: rows[0]!.quantity,
    origin: 'merged' as const,
  }
  const to = await insertLot(work, merged)
  for (const [i, lot] of lots.entries()) await pour(work, lot, { kind: 'merge', to, quantity: wanted[i]!.quantity, at })
  return to
}
