import { Compile } from 'typebox/compile'
import { searchable } from '../searchable.ts'
import { PlantChange, PlantFields, PlantStatus, PlantType } from '../schemas.ts'

/** A cell as it stands in a file; null is an empty one. */
export type Cell = string | number | null

/** The columns of an export, in order; an import takes any of them in any order. */
export const COLUMNS = Object.keys(PlantFields.properties) as (keyof PlantFields)[]

const ALIASES = new Map<string, keyof PlantFields>(
  Object.entries({
    ...{ nome: 'name', denominazione: 'name', codice: 'code', tipo: 'type', tipologia: 'type', fonte: 'type' },
    ...{ stato: 'status', potenza: 'power', potenza_kw: 'power_kw', potenza_kwp: 'power_kw', paese: 'country' },
    ...{
      nazione: 'country',
      localita: 'location',
      ubicazione: 'location',
      indirizzo: 'address',
      comune: 'municipality',
    },
    ...{ provincia: 'province', regione: 'region', latitudine: 'latitude', longitudine: 'longitude' },
    ...{ fuso_orario: 'time_zone', etichette: 'tags', tag: 'tags', note: 'notes' },
  }),
)

const TYPES = new Map(
  Object.entries({
    ...{ fotovoltaico: 'Photovoltaic', solare: 'Photovoltaic', eolico: 'Wind', idroelettrico: 'Hydroelectric' },
    ...{ biomassa: 'Biomass', biomasse: 'Biomass', geotermico: 'Geothermal', alimentare: 'Food' },
  }),
)
const STATUSES = new Map(
  Object.entries({
    ...{ 'in esercizio': 'In Operation', 'in funzione': 'In Operation', 'in autorizzazione': 'In Authorization' },
    ...{ 'in costruzione': 'Under Construction', dismesso: 'Decommissioned' },
  }),
)

/** The field of a heading, English or Italian; null where it names none. */
export function fieldOf(heading: string): keyof PlantFields | null {
  const name = searchable(heading).replaceAll(' ', '_')
  return COLUMNS.find((column) => column === name) ?? ALIASES.get(name) ?? null
}

// What a spreadsheet takes for a formula when a CSV is opened; behind apostrophes too, so that taking one off is exact.
const FORMULA = /^'*[=+\-@\t\r]/

/** Text that no spreadsheet runs: what looks like a formula gets an apostrophe in front. */
export const guarded = (text: string): string => (FORMULA.test(text) ? `'${text}` : text)
const unguarded = (text: string): string => (text.startsWith("'") && FORMULA.test(text) ? text.slice(1) : text)

const oneOf = (text: string, values: readonly unknown[], words: ReadonlyMap<string, string>): string => {
  const wanted = searchable(text)
  const known = values.find((value) => searchable(String(value)) === wanted)
  return (known as string | undefined) ?? words.get(wanted) ?? text
}

const DOT = /^[+-]?\d+(\.\d+)?$|^[+-]?\d{1,3}(,\d{3})+\.\d+$/
const COMMA = /^[+-]?\d+,\d+$|^[+-]?\d{1,3}(\.\d{3})+,\d+$/

/**
 * A number with a decimal point or a decimal comma; NaN where it is none, null where it could be read as two: 1.234 in
 * a file whose cells are parted by semicolons (as Italian programs do), 1,234 in any other.
 */
export function numberOf(text: string, semicolons: boolean): number | null {
  const compact = text.replace(/\s/g, '')
  const thousands = semicolons ? /^[+-]?\d{1,3}(\.\d{3})+$/ : /^[+-]?\d{1,3}(,\d{3})+$/
  if (thousands.test(compact)) return null
  if (DOT.test(compact)) return Number(compact.replaceAll(',', ''))
  if (COMMA.test(compact)) return Number(compact.replaceAll('.', '').replace(',', '.'))
  return Number.NaN
}

type Problem = { field: string; message: string }
export type Said = Partial<PlantFields>
const NUMBERS = new Set(['power_kw', 'latitude', 'longitude'])
const NEEDED = new Set(['name', 'code', 'type', 'status'])

function readNumber(field: string, cell: Cell, semicolons: boolean): number | Problem {
  if (typeof cell === 'number') return cell
  const value = numberOf(cell ?? '', semicolons)
  // A coordinate has no thousands.
  const plain = value === null && field !== 'power_kw' ? Number((cell ?? '').trim().replace(',', '.')) : value
  if (plain === null) return { field, message: `${cell} can be read as two numbers: write it without separators` }
  return Number.isFinite(plain) ? plain : { field, message: 'must be a number' }
}

function readText(field: keyof PlantFields, text: string): string | string[] {
  if (field === 'tags') return [...new Set(text.split('|').map((tag) => tag.trim()))].filter((tag) => tag !== '')
  if (field === 'type') return oneOf(text, PlantType.enum, TYPES)
  if (field === 'status') return oneOf(text, PlantStatus.enum, STATUSES)
  if (field === 'code' || field === 'country') return text.trim()
  return text
}

const shape = Compile(PlantChange)

/** What a row says, field by field, and what is wrong with it. An empty cell clears its field. */
export function readRow(
  fields: readonly (keyof PlantFields)[],
  cells: readonly Cell[],
  semicolons: boolean,
): { said: Said; problems: Problem[] } {
  const said: Record<string, unknown> = {}
  const problems: Problem[] = []
  for (const [index, field] of fields.entries()) {
    const cell = cells[index] ?? null
    const empty = cell === null || (typeof cell === 'string' && cell.trim() === '')
    if (empty && NEEDED.has(field)) problems.push({ field, message: 'must not be empty' })
    else if (empty && field !== 'country') said[field] = field === 'tags' ? [] : null
    else if (!empty && NUMBERS.has(field)) {
      const value = readNumber(field, cell, semicolons)
      if (typeof value === 'number') said[field] = value
      else problems.push(value)
    } else if (!empty) said[field] = readText(field, unguarded(String(cell)))
  }
  // A decimal comma in a file parted by commas looks like this.
  if (cells.length > fields.length && cells.slice(fields.length).some((cell) => cell !== null && cell !== '')) {
    problems.push({ field: '', message: 'has more cells than there are headings' })
  }
  for (const error of shape.Check(said) ? [] : shape.Errors(said)) {
    problems.push({ field: error.instancePath.split('/')[1] ?? '', message: error.message })
  }
  return { said, problems }
}
