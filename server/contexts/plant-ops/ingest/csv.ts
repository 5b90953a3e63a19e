import { readDecimal } from './decimal.ts'
import { readInstant } from './instant.ts'
import { ingestRefusals } from './refusals.ts'
import { ownCopy, sensorIds, type RowParser } from './row-parser.ts'
import { addRow, newRows, refuseRow, shown, type Rows } from './rows.ts'
import { readLines } from './text-lines.ts'

const NAMES = ['sensor_id', 'ts', 'value', 'quality', 'unit'] as const
const REQUIRED = 3
const [COMMA, SEMICOLON, QUOTE, SPACE] = [44, 59, 34, 32]

/** Where each column stands; -1 for one that is not there. `point` is the decimal mark. */
type Header = { separator: number; point: number; width: number; places: readonly number[] }

/**
 * CSV with a header. The comma separates; or, where the header has semicolons, the semicolon does and the comma is the
 * decimal mark, as Excel writes it in Italy. Thousands are never separated. A row is a line: quoted cells hold no breaks.
 */
export function parseCsv(): RowParser {
  const rows = newRows()
  const idOf = sensorIds()
  const cells = newCells()
  const units = new Map<string, string>()
  let header: Header | null = null
  const lines = readLines({
    line: (text, from, to, number) => {
      if (header === null) header = readHeader(text.slice(from, to))
      else if (!isBlank(text, from, to)) takeRow(header, text, from, to, number - 1)
    },
    unreadable: (number, why) => {
      if (header === null) throw ingestRefusals.refuse('plant_ops.csv_header')
      refuseRow(rows, number - 1, why === 'not_utf8' ? 'plant_ops.not_utf8' : 'plant_ops.row_too_long')
    },
  })
  const takeRow = (
    { separator, point, width, places }: Header,
    text: string,
    from: number,
    to: number,
    index: number,
  ): void => {
    const count = cutCells(cells, text, from, to, separator)
    if (count !== width) {
      const told = count < 0 ? 'A quoted cell does not end.' : `It has ${count} cells and the header ${width}.`
      return refuseRow(rows, index, 'plant_ops.malformed_row', told)
    }
    const { texts, froms, tos } = cells
    const [sensor, ts, value, quality, unit] = places as [number, number, number, number, number]
    const at = readInstant(texts[ts]!, froms[ts]!, tos[ts]!)
    if (Number.isNaN(at))
      return refuseRow(rows, index, 'plant_ops.bad_time', shown(texts[ts]!.slice(froms[ts], tos[ts])))
    const number = readDecimal(texts[value]!, froms[value]!, tos[value]!, point)
    if (Number.isNaN(number)) {
      return refuseRow(rows, index, 'plant_ops.not_a_number', shown(texts[value]!.slice(froms[value], tos[value])))
    }
    if (!Number.isFinite(number)) return refuseRow(rows, index, 'plant_ops.not_finite')
    const grade = quality < 0 ? 192 : readQuality(texts[quality]!.slice(froms[quality], tos[quality]))
    if (grade === null) return refuseRow(rows, index, 'plant_ops.bad_quality')
    const id = idOf(texts[sensor]!.slice(froms[sensor], tos[sensor]))
    if (id === null) return refuseRow(rows, index, 'plant_ops.unknown_sensor')
    if (unit >= 0 && tos[unit]! > froms[unit]!) noteUnit(rows, units, texts[unit]!.slice(froms[unit], tos[unit]))
    addRow(rows, index, id, at, number, grade)
  }
  return {
    chunk: lines.chunk,
    end: () => {
      lines.end()
      if (header === null) throw ingestRefusals.refuse('plant_ops.csv_header')
      return rows
    },
  }
}

function noteUnit(rows: Rows, units: Map<string, string>, unit: string): void {
  let kept = units.get(unit)
  if (kept === undefined) {
    kept = ownCopy(unit)
    units.set(kept, kept)
  }
  rows.units.set(rows.columns.index.length, kept)
}

function isBlank(text: string, from: number, to: number): boolean {
  return from === to || (text.charCodeAt(from) === SPACE && text.slice(from, to).trim() === '')
}

const GRADES: ReadonlyMap<string, number> = new Map([
  ['', 192],
  ['192', 192],
  ['0', 0],
  ['500', 500],
])
const readQuality = (cell: string): number | null => GRADES.get(cell) ?? null

function readHeader(line: string): Header {
  const separator = line.includes(';') ? SEMICOLON : COMMA
  const cells = newCells()
  const width = cutCells(cells, line, 0, line.length, separator)
  const names = Array.from({ length: Math.max(0, width) }, (_, at) =>
    cells.texts[at]!.slice(cells.froms[at], cells.tos[at]).toLowerCase(),
  )
  const details = names
    .filter((name, at) => !(NAMES as readonly string[]).includes(name) || names.indexOf(name) !== at)
    .map((name) => ({
      field: name.slice(0, 60),
      message: names.indexOf(name) === names.lastIndexOf(name) ? 'is not known here' : 'is there twice',
    }))
  const missing = NAMES.slice(0, REQUIRED).filter((name) => !names.includes(name))
  details.push(...missing.map((field) => ({ field, message: 'is missing' })))
  if (details.length > 0) throw ingestRefusals.refuse('plant_ops.csv_header', { details: details.slice(0, 20) })
  const places = NAMES.map((name) => names.indexOf(name))
  return { separator, point: separator === SEMICOLON ? COMMA : 46, width, places }
}

/** Cells of one line, in place: a text and where in it. A quoted cell with quotes in it has a text of its own. */
type Cells = { texts: string[]; froms: number[]; tos: number[] }
const newCells = (): Cells => ({ texts: [], froms: [], tos: [] })

/** More cells than any header of ours has are not looked at one by one. */
const MOST_CELLS = 64

/** How many cells; -1 where a quoted one does not end, or something follows its end. */
function cutCells(cells: Cells, text: string, from: number, to: number, separator: number): number {
  let count = 0
  for (let at = from; ; count += 1) {
    while (at < to && text.charCodeAt(at) === SPACE) at += 1
    if (count === MOST_CELLS) return count
    let end: number
    if (at < to && text.charCodeAt(at) === QUOTE) {
      end = cutQuoted(cells, count, text, at, to)
      if (end < 0) return -1
      while (end < to && text.charCodeAt(end) === SPACE) end += 1
      if (end < to && text.charCodeAt(end) !== separator) return -1
    } else {
      end = at
      while (end < to && text.charCodeAt(end) !== separator) end += 1
      let trimmed = end
      while (trimmed > at && text.charCodeAt(trimmed - 1) === SPACE) trimmed -= 1
      cells.texts[count] = text
      cells.froms[count] = at
      cells.tos[count] = trimmed
    }
    if (end >= to) return count + 1
    at = end + 1
  }
}

/** Where it goes on after the closing quote; -1 where there is none. */
function cutQuoted(cells: Cells, count: number, text: string, open: number, to: number): number {
  let doubled = false
  // Not by indexOf: it would look for a missing quote through all that follows, once for each line.
  for (let quote = open + 1; quote < to; quote += 1) {
    if (text.charCodeAt(quote) !== QUOTE) continue
    if (quote + 1 < to && text.charCodeAt(quote + 1) === QUOTE) {
      doubled = true
      quote += 1
      continue
    }
    const plain = doubled ? text.slice(open + 1, quote).replaceAll('""', '"') : text
    cells.texts[count] = plain
    cells.froms[count] = doubled ? 0 : open + 1
    cells.tos[count] = doubled ? plain.length : quote
    return quote + 1
  }
  return -1
}
