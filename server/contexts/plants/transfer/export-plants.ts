import { sql } from 'kysely'
import { plantConditions, type PlantFilter, searchJoin } from '../plant-filter.ts'
import { searchable } from '../searchable.ts'
import type { PlantFields } from '../schemas.ts'
import type { PlantWork } from '../tables.ts'
import { type Cell, COLUMNS, guarded } from './plant-table.ts'

export type ExportPage = { cells: Cell[][]; last: string | null }

// security-ok: the names of our own schema
const columns = sql.raw(COLUMNS.map((name) => `p.${name}`).join(', '))
const PAGE = 1_000
const FIRST = '00000000-0000-0000-0000-000000000000'

const cellOf = (value: PlantFields[keyof PlantFields]): Cell => {
  if (value === null || typeof value === 'number') return value
  return guarded(Array.isArray(value) ? value.join('|') : value)
}

/** The plants after an id, as rows of the table; `last` is null when there are no more. */
export async function exportPlants(
  { db, tenantId }: PlantWork,
  filter: PlantFilter,
  after: string = FIRST,
): Promise<ExportPage> {
  if (filter.q !== undefined && searchable(filter.q) === '') return { cells: [], last: null }
  const { rows } = await sql<PlantFields & { id: string }>`
    select p.id, ${columns} from plants p ${searchJoin(filter)}
     where ${plantConditions(tenantId, filter)} and p.id > ${after} order by p.id limit ${PAGE}`.execute(db)
  const last = rows.length < PAGE ? null : rows.at(-1)!.id
  return { cells: rows.map((plant) => COLUMNS.map((column) => cellOf(plant[column]))), last }
}

const quoted = (cell: Cell): string => {
  const text = cell === null ? '' : String(cell)
  return /[",\r\n;\t]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Lines of a CSV by RFC 4180: commas, decimal points, UTF-8. */
export const csvLines = (rows: readonly (readonly Cell[])[]): string =>
  rows.map((row) => `${row.map(quoted).join(',')}\r\n`).join('')
