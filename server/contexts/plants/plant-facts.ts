import { sql } from 'kysely'
import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { searchable } from './searchable.ts'

type Tables = Owned<'plants' | 'plant_registries'>

/** A meter as the registry lists it. */
export type MeterOfRegistry = {
  serial?: string | null
  kind?: string | null
  role?: string | null
  constant_k?: number | null
  verified_on?: string | null
  mounted_at?: string | null
  removed_at?: string | null
  register_digits?: number | null
  register_at_mounting?: number | null
  register_at_removal?: number | null
}

/** What other contexts may know of a plant to derive its duties and its figures. Null is «not known». */
export type PlantFactsRow = {
  id: string
  name: string
  code: string
  type: string
  status: string
  country: string
  power_kw: number | null
  region: string | null
  time_zone: string | null
  next_deadline: string | null
  next_deadline_type: string | null
  created_at: string
  deleted_at: string | null
  registry: {
    pod: string | null
    regime: string | null
    self_consumption: boolean | null
    sale_mode: string | null
    voltage_kv: number | null
    connection_power_kw: number | null
    commissioning_date: string | null
    adm_license_code: string | null
    adm_periodicity: string | null
    spi_tested_on: string | null
    dc_power_kw: number | null
    temperature_coefficient_per_c: number | null
    meters: readonly MeterOfRegistry[]
  } | null
}

const PLANT = ['id', 'name', 'code', 'type', 'status', 'country', 'power_kw', 'region', 'time_zone'] as const
const KEPT = ['next_deadline', 'next_deadline_type', 'created_at', 'deleted_at'] as const
const REGISTRY = [
  'plant_id',
  'pod',
  'regime',
  'self_consumption',
  'sale_mode',
  'voltage_kv',
  'connection_power_kw',
  'commissioning_date',
  'adm_license_code',
  'adm_periodicity',
  'spi_tested_on',
  'dc_power_kw',
  'temperature_coefficient_per_c',
  'meters',
] as const

/** The facts of these plants, hidden ones too, in no particular order; what is out of scope is left out. */
export async function factsOfPlants(
  { db, tenantId }: Work<Tables>,
  plantIds: readonly string[],
): Promise<PlantFactsRow[]> {
  const rows = await db
    .selectFrom('plants')
    .leftJoin('plant_registries', (join) =>
      join.onRef('plant_registries.plant_id', '=', 'plants.id').on('plant_registries.tenant_id', '=', tenantId),
    )
    .where('plants.tenant_id', '=', tenantId)
    .where('plants.id', 'in', plantIds)
    .select([...PLANT, ...KEPT].map((column) => `plants.${column}` as const))
    .select(REGISTRY.map((column) => `plant_registries.${column}` as const))
    .execute()
  return rows.map(({ id, name, code, type, status, country, power_kw, region, time_zone, ...rest }) => {
    const { next_deadline, next_deadline_type, created_at, deleted_at, plant_id, meters, ...registry } = rest
    const listed: readonly MeterOfRegistry[] = Array.isArray(meters) ? meters : []
    return {
      ...{ id, name, code, type, status, country, power_kw, region, time_zone },
      ...{ next_deadline, next_deadline_type, created_at, deleted_at },
      registry: plant_id === null ? null : { ...registry, meters: listed },
    }
  })
}

/** The facts of one plant, also of a hidden one; null where there is none or it is out of scope. */
export async function plantFacts(work: Work<Tables>, plantId: string): Promise<PlantFactsRow | null> {
  const [facts] = await factsOfPlants(work, [plantId])
  return facts ?? null
}

/**
 * Holds these plants until the transaction ends, so that two changes of what follows from them go one after the other.
 * A plant's row is always taken before rows of other tables that belong to it.
 */
export async function lockPlants({ db, tenantId }: Work<Tables>, plantIds: readonly string[]): Promise<void> {
  await db
    .selectFrom('plants')
    .select('id')
    .where('tenant_id', '=', tenantId)
    .where('id', 'in', plantIds)
    .orderBy('id')
    .forUpdate()
    .execute()
}

/** So many ids of plants, hidden ones too, that come after an id: for rounds over all of them. */
export async function plantIdsAfter({ db, tenantId }: Work<Tables>, after: string, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('plants')
    .select('id')
    .where('tenant_id', '=', tenantId)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map((row) => row.id)
}

/** Names and codes for lists that show plants beside their own things. */
export async function plantNames(
  { db, tenantId }: Work<Tables>,
  plantIds: readonly string[],
): Promise<Map<string, { name: string; code: string }>> {
  if (plantIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('plants')
    .select(['id', 'name', 'code'])
    .where('tenant_id', '=', tenantId)
    .where('id', 'in', plantIds)
    .execute()
  return new Map(rows.map(({ id, name, code }) => [id, { name, code }]))
}

/** The live plants that a text finds, without accents and with typing errors, for lists of what belongs to plants. */
export async function plantIdsFound({ db }: Work<Tables>, text: string): Promise<string[]> {
  const wanted = searchable(text)
  if (wanted === '') return []
  const { rows } = await sql<{ id: string }>`select id from find_plants(${wanted})`.execute(db)
  return rows.map((row) => row.id)
}

/** The earliest open deadline of a plant and what it is for; null where there is none. */
export type NextDeadline = { plant_id: string; date: string | null; type: string | null }

/**
 * Writes the earliest open deadlines beside the plants, in the Work that changed them. The plants' revisions rise: they are
 * the ETag, and a cache that asks with the old one must not be told that nothing changed.
 */
export async function setNextDeadlines(
  { db, tenantId }: Work<Tables>,
  deadlines: readonly NextDeadline[],
): Promise<void> {
  if (deadlines.length === 0) return
  await sql`
    update plants set next_deadline = d.date, next_deadline_type = d.type, revision = plants.revision + 1
      from jsonb_to_recordset(${JSON.stringify(deadlines)}::jsonb) as d(plant_id uuid, date date, type text)
     where plants.tenant_id = ${tenantId} and plants.id = d.plant_id`.execute(db)
}
