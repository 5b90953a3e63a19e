import { sql } from 'kysely'
import { newId } from '#platform/new-id.ts'
import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { dayIn, tenantTimeZone } from '#platform/tenancy/tenant-day.ts'
import { factsOfPlants, lockPlants, setNextDeadlines, type NextDeadline, type PlantFactsRow } from '#contexts/plants'
import { tellReconciled } from './events.ts'
import { planObligations, type ObligationRow, type ObligedPlant } from './obligation-plan.ts'

/** Its own rows; the plants' and the tenant's are reached through the doors that own them. */
export type ObligationsWork = Work<Owned<'obligations' | 'plants' | 'plant_registries' | 'control.tenants'>>

/** How the facts of the plants' context look to the rules; `zone` is the one in which days are counted. */
export const obligedPlant = (facts: PlantFactsRow, zone: string): ObligedPlant => ({
  ...facts,
  entered_on: dayIn(zone, new Date(facts.created_at)),
  hidden: facts.deleted_at !== null,
})

/** Plants looked at together; an import of thousands must not hold all their duties in memory at once. */
const CHUNK = 500

/**
 * Makes the rows of these plants what follows today, and sets each plant's next deadline, in the same transaction. Three
 * statements for five hundred plants where nothing changed, so that a round over all of them is cheap.
 */
export async function reconcilePlants(work: ObligationsWork, plantIds: readonly string[]): Promise<void> {
  if (plantIds.length === 0) return
  const zone = await tenantTimeZone(work)
  for (let at = 0; at < plantIds.length; at += CHUNK) {
    await reconcileChunk(work, plantIds.slice(at, at + CHUNK), zone)
  }
}

/** The same for one plant. */
export const reconcileObligations = (work: ObligationsWork, plantId: string): Promise<void> =>
  reconcilePlants(work, [plantId])

/** What changes of plants or their registries bring with them; the composition root hands it to the plants' context. */
export const afterPlantChange = reconcilePlants

async function reconcileChunk(work: ObligationsWork, plantIds: readonly string[], zone: string): Promise<void> {
  const today = dayIn(zone, work.now)
  await lockPlants(work, plantIds)
  const plants = await factsOfPlants(work, plantIds)
  const rows = await rowsOf(work, plantIds)
  const written: (ObligationRow & { plant_id: string })[] = []
  const deadlines: NextDeadline[] = []
  for (const plant of plants) {
    const { write, next } = planObligations(obligedPlant(plant, zone), rows.get(plant.id) ?? [], today)
    for (const row of write) written.push({ ...row, plant_id: plant.id })
    const deadline = { plant_id: plant.id, date: next?.due_date ?? null, type: next?.obligation ?? null }
    if (deadline.date !== plant.next_deadline || deadline.type !== plant.next_deadline_type) deadlines.push(deadline)
    if (write.length > 0) recordChange(work, plant.id, write)
  }
  if (written.length > 0) await writeRows(work, written)
  await setNextDeadlines(work, deadlines)
}

function recordChange(work: ObligationsWork, plantId: string, write: readonly ObligationRow[]): void {
  const after = Object.groupBy(write, (row) => row.status)
  const named = Object.entries(after).map(([status, rows]) => [
    status,
    rows.map((row) => `${row.obligation} ${row.period} ${row.due_date}`),
  ])
  const entry = { action: 'obligations.reconciled', resource: 'plant', resource_id: plantId, plant_id: plantId }
  const count = (status: ObligationRow['status']): number => after[status]?.length ?? 0
  const counts = {
    ...{ open: count('open'), completed: count('completed') },
    ...{ untracked: count('untracked'), withdrawn: count('withdrawn') },
  }
  work.record({ ...entry, after: Object.fromEntries(named) }, tellReconciled(plantId, counts))
}

async function rowsOf(work: ObligationsWork, plantIds: readonly string[]): Promise<Map<string, ObligationRow[]>> {
  const { rows } = await sql<ObligationRow & { plant_id: string }>`
    select plant_id, obligation, period, base_date, due_date, status, responsible_entity, source, source_year,
           confidence, doubts, unverified
      from obligations where tenant_id = ${work.tenantId} and plant_id = any (${plantIds}::uuid[])`.execute(work.db)
  return Map.groupBy(rows, (row) => row.plant_id)
}

async function writeRows(work: ObligationsWork, rows: (ObligationRow & { plant_id: string })[]): Promise<void> {
  // An id of a row that is there already is not used: ids stay what they were.
  const stamped = JSON.stringify(rows.map((row) => ({ ...row, id: newId() })))
  await sql`
    insert into obligations as o (tenant_id, id, plant_id, obligation, period, base_date, due_date, status,
           responsible_entity, source, source_year, confidence, doubts, unverified, created_at, updated_at, created_by, updated_by)
    select ${work.tenantId}, r.*, ${work.now}::timestamptz, ${work.now}::timestamptz, ${work.actor.id}::uuid, ${work.actor.id}::uuid
      from jsonb_to_recordset(${stamped}::jsonb) as r(id uuid, plant_id uuid, obligation text, period text, base_date date,
           due_date date, status text, responsible_entity text, source text, source_year integer, confidence text,
           doubts jsonb, unverified jsonb)
    on conflict (tenant_id, plant_id, obligation, period) do update
       set base_date = excluded.base_date, due_date = excluded.due_date, status = excluded.status,
           responsible_entity = excluded.responsible_entity, source = excluded.source, source_year = excluded.source_year,
           confidence = excluded.confidence, doubts = excluded.doubts, unverified = excluded.unverified,
           revision = o.revision + 1, updated_at = excluded.updated_at, updated_by = excluded.updated_by`.execute(
    work.db,
  )
}
