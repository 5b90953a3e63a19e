import { sql } from 'kysely'
import type { Span } from '../local-steps.ts'
import type { DeclaredStoppage } from '../availability/plant-state.ts'
import { getPlant, lockPlant } from '../get-plant.ts'
import { plantRefusals } from '../refusals.ts'
import type { PlantWork } from '../tables.ts'
import { Stoppage } from './schemas.ts'
import { declaredOf } from './stoppage.ts'

// security-ok: the names of our own schema
export const stoppageColumns = sql.raw(
  Object.keys(Stoppage.properties)
    .map((name) => `s.${name}`)
    .join(', '),
)

async function findStoppage({ db, tenantId }: PlantWork, plantId: string, id: string): Promise<Stoppage> {
  const { rows } = await sql<Stoppage>`
    select ${stoppageColumns} from plant_stoppages s
     where s.tenant_id = ${tenantId} and s.plant_id = ${plantId} and s.id = ${id}`.execute(db)
  if (rows[0] === undefined) throw plantRefusals.refuse('stoppages.not_found')
  return rows[0]
}

/** A stoppage of a live plant in scope. */
export async function getStoppage(work: PlantWork, plantId: string, id: string): Promise<Stoppage> {
  await getPlant(work, plantId)
  return findStoppage(work, plantId, id)
}

/** The same; its plant is held until the transaction ends, as by everybody who changes what is declared of it. */
export async function lockStoppage(work: PlantWork, plantId: string, id: string): Promise<Stoppage> {
  await lockPlant(work, plantId)
  return findStoppage(work, plantId, id)
}

/**
 * One time has one category: two stoppages of a plant never overlap. Whoever writes one holds the plant's row, so that what is
 * looked for here cannot come in between.
 */
export async function refuseOverlap(
  { db, tenantId }: PlantWork,
  { id, plant_id, starts_at, ends_at }: Pick<Stoppage, 'id' | 'plant_id' | 'starts_at' | 'ends_at'>,
): Promise<void> {
  const { rows } = await sql<{ id: string; category: string; starts_at: string }>`
    select s.id, s.category, s.starts_at from plant_stoppages s
     where s.tenant_id = ${tenantId} and s.plant_id = ${plant_id} and s.id <> ${id}
       and (s.ends_at is null or s.ends_at > ${starts_at}::timestamptz)
       and s.starts_at < coalesce(${ends_at}::timestamptz, 'infinity')
     order by s.starts_at limit 1`.execute(db)
  const [other] = rows
  if (other === undefined) return
  const message = `overlaps the stoppage ${other.id} (${other.category}, from ${other.starts_at})`
  throw plantRefusals.refuse('stoppages.overlapping', { details: [{ field: 'starts_at', message }] })
}

/** What was declared of a plant in a stretch of time, for its figures, in the order of time; and whether anything ever was. */
export async function declaredStoppages(
  { db, tenantId }: PlantWork,
  plantId: string,
  { from, to }: Span,
): Promise<{ stoppages: DeclaredStoppage[]; ever: boolean }> {
  const columns = sql`s.starts_at, s.ends_at, s.category, s.curtailed_to_kw`
  const { rows } = await sql<Pick<Stoppage, 'starts_at' | 'ends_at' | 'category' | 'curtailed_to_kw'>>`
    select ${columns} from plant_stoppages s
     where s.tenant_id = ${tenantId} and s.plant_id = ${plantId}
       and s.starts_at < ${new Date(to).toISOString()}::timestamptz
       and (s.ends_at is null or s.ends_at > ${new Date(from).toISOString()}::timestamptz)
     order by s.starts_at`.execute(db)
  if (rows.length > 0) return { stoppages: rows.map(declaredOf), ever: true }
  const { rows: some } = await sql<{ ever: boolean }>`
    select exists (select from plant_stoppages where tenant_id = ${tenantId} and plant_id = ${plantId}) as ever`.execute(
    db,
  )
  return { stoppages: [], ever: some[0]?.ever ?? false }
}
