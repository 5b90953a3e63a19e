import { sql } from 'kysely'
import { tellCreated, tellUpdated } from '../events.ts'
import { plantColumns } from '../get-plant.ts'
import { insertPlants, known } from '../insert-plants.ts'
import { countPlacesLeft } from '../count-places-left.ts'
import { changedPlant, changesOf, checkPlant, completePlant } from '../plant.ts'
import type { Plant, PlantFields } from '../schemas.ts'
import type { AfterPlantChange, PlantWork } from '../tables.ts'
import { updatePlants } from '../update-plants.ts'
import { fieldOf, readRow, type Said } from './plant-table.ts'
import type { Table } from './table-thread.ts'

/** `row` counts from 1, which is the heading. */
export type RowError = { row: number; field: string; message: string }
export type ImportReport = { created: number; updated: number; errors: RowError[] }

/** More errors than this help nobody. */
const MAX_ERRORS = 1_000

type Row = { row: number; said: Said }

/** The headings as fields, or what is wrong with them. */
function readHeadings(headings: Table['rows'][number]): { fields: (keyof PlantFields)[]; errors: RowError[] } {
  const errors: RowError[] = []
  const fields = headings.map((heading) => {
    const field = fieldOf(String(heading ?? ''))
    if (field === null)
      errors.push({ row: 1, field: String(heading ?? '').slice(0, 100), message: 'is not known here' })
    return field
  })
  const twice = fields.find((field, index) => field !== null && fields.indexOf(field) < index)
  if (twice) errors.push({ row: 1, field: twice, message: 'stands twice' })
  if (!fields.includes('code')) errors.push({ row: 1, field: 'code', message: 'must be one of the columns' })
  return { fields: fields.filter((field) => field !== null), errors }
}

const lower = (code: string): string => code.toLowerCase()

function readRows({ rows, semicolons }: Table): { read: Row[]; errors: RowError[] } {
  const [headings = [], ...lines] = rows
  const { fields, errors } = readHeadings(headings)
  if (errors.length > 0) return { read: [], errors }
  const read: Row[] = []
  const seen = new Map<string, number>()
  for (const [index, cells] of lines.entries()) {
    if (cells.every((cell) => cell === null || cell === '')) continue
    const row = index + 2
    const { said, problems } = readRow(fields, cells, semicolons)
    const code = lower(said.code ?? '')
    const first = seen.get(code)
    if (code !== '' && first !== undefined) problems.push({ field: 'code', message: `stands in row ${first} already` })
    seen.set(code, first ?? row)
    errors.push(...problems.map((problem) => ({ row, ...problem })))
    read.push({ row, said })
  }
  return { read, errors }
}

type Standing = { all_plants: boolean; free: number }

/** Whether the user sees all plants, and how many more the plan allows. Places come before rows, or two could wait for each other. */
async function standing(work: PlantWork): Promise<Standing> {
  const free = await countPlacesLeft(work)
  const { rows } = await sql<{ all_plants: boolean }>`
    select current_setting('app.all_plants') = 'on' as all_plants`.execute(work.db)
  return { all_plants: rows[0]!.all_plants, free }
}

async function existing({ db, tenantId }: PlantWork, codes: string[]): Promise<Map<string, Plant>> {
  const { rows } = await sql<Plant>`
    select ${plantColumns} from plants p
     where p.tenant_id = ${tenantId} and p.deleted_at is null and lower(p.code) = any (${codes}::text[])
     order by p.id for update`.execute(db)
  return new Map(rows.map((plant) => [lower(plant.code), plant]))
}

type Plan = { create: PlantFields[]; update: { before: Plant; plant: PlantFields }[]; errors: RowError[] }
const NEEDED = ['name', 'type', 'status'] as const

function planned(rows: readonly Row[], found: ReadonlyMap<string, Plant>, { all_plants, free }: Standing): Plan {
  const plan: Plan = { create: [], update: [], errors: [] }
  for (const { row, said } of rows) {
    const before = found.get(lower(said.code ?? ''))
    const missing = before ? [] : NEEDED.filter((field) => said[field] === undefined)
    plan.errors.push(...missing.map((field) => ({ row, field, message: 'must be there for a new plant' })))
    if (missing.length > 0) continue
    const { plant, problems } = checkPlant(before ? changedPlant(before, said) : completePlant(said as PlantFields))
    plan.errors.push(...problems.map((problem) => ({ row, ...problem })))
    if (before) plan.update.push({ before, plant })
    else if (!all_plants)
      plan.errors.push({ row, field: 'code', message: 'You see some plants only: a new one would not be among them.' })
    else if (plan.create.length >= free)
      plan.errors.push({ row, field: 'code', message: 'The plan allows no more plants.' })
    else plan.create.push(plant)
  }
  return plan
}

/** All rows or none: a plant whose code is known is updated, any other created. A dry run writes nothing. */
export async function importPlants(
  work: PlantWork,
  { table, dryRun }: { table: Table; dryRun: boolean },
  after: AfterPlantChange,
): Promise<ImportReport> {
  const { read, errors } = readRows(table)
  const sound = errors.length === 0 ? read : read.filter(({ row }) => !errors.some((error) => error.row === row))
  const room = await standing(work)
  const plan = planned(
    sound,
    await existing(
      work,
      sound.map(({ said }) => lower(said.code ?? '')),
    ),
    room,
  )
  const all = [...errors, ...plan.errors].toSorted((one, other) => one.row - other.row)
  if (all.length > 0) return { created: 0, updated: 0, errors: all.slice(0, MAX_ERRORS) }
  if (!dryRun) await write(work, plan, after)
  return { created: plan.create.length, updated: plan.update.length, errors: [] }
}

async function write(work: PlantWork, { create, update }: Plan, after: AfterPlantChange): Promise<void> {
  const changed = update.flatMap(({ before, plant }) => {
    const changes = changesOf(before, plant)
    return changes === null ? [] : [{ id: before.id, plant, changes }]
  })
  await updatePlants(
    work,
    changed.map(({ id, plant }) => ({ ...plant, id })),
  )
  for (const { id, changes } of changed) {
    const entry = { action: 'plants.updated', resource: 'plant', resource_id: id, plant_id: id, ...changes }
    work.record(entry, tellUpdated(id, changes.after))
  }
  const made = await insertPlants(work, create)
  for (const [index, id] of made.entries()) {
    const plant = create[index]!
    const entry = { action: 'plants.created', resource: 'plant', resource_id: id, plant_id: id, after: known(plant) }
    work.record(entry, tellCreated(id, plant))
  }
  // New plants have no registry yet, so nothing follows from them (see createPlant).
  const ids = changed.map(({ id }) => id)
  if (ids.length > 0) await after(work, ids)
}
