/** Reads and writes tables in a thread of its own: neither a large workbook nor a hostile one holds up the server. */
import { parentPort, workerData } from 'node:worker_threads'
import { parse } from 'csv-parse/sync'
import * as xlsx from '@e965/xlsx'
import { boundedZip } from '#platform/files/zip-bounds.ts'
import type { TableAnswer, TableTask } from './table-thread.ts'
import type { Cell } from './plant-table.ts'

/** Fifty times the largest upload by default is far more than 5,000 plants need. */
const MAX_UNPACKED = 50 * 1024 * 1024
const MAX_COLUMNS = 100
/** The heading, 5,000 plants, and one more to see that there are too many. */
const MAX_LINES = 5_002

const WORKBOOK = ['[Content_Types].xml', 'xl/workbook.xml']

const cut = (rows: Cell[][]): Cell[][] => rows.slice(0, MAX_LINES).map((row) => row.slice(0, MAX_COLUMNS))

function readCsv(text: string): TableAnswer {
  const heading = text
    .slice(0, 10_000)
    .split(/\r?\n/, 1)[0]!
    .replace(/"[^"]*"/g, '')
  const count = (mark: string): number => heading.split(mark).length
  const delimiter = [';', '\t', ','].reduce((best, mark) => (count(mark) > count(best) ? mark : best), ',')
  const options = { delimiter, bom: true, relax_column_count: true, to: MAX_LINES, max_record_size: 200_000 }
  const rows = parse(text, options)
  return { rows: cut(rows), semicolons: delimiter === ';' }
}

const cellOf = (cell: xlsx.CellObject | undefined): Cell => {
  if (cell === undefined || cell.v === undefined || cell.t === 'e' || cell.t === 'z') return null
  return typeof cell.v === 'number' ? cell.v : String(cell.v)
}

/** The first sheet. Values as they are stored: a formula counts by the result that was saved with it. */
function readWorkbook(bytes: Buffer): TableAnswer {
  const book = xlsx.read(bytes, {
    type: 'buffer',
    dense: true,
    sheets: 0,
    sheetRows: MAX_LINES,
    cellFormula: false,
    cellHTML: false,
  })
  const sheet = book.Sheets[book.SheetNames[0] ?? '']
  const data = (sheet?.['!data'] ?? []) as (xlsx.CellObject[] | undefined)[]
  return { rows: cut(Array.from(data, (row) => Array.from(row ?? [], cellOf))), semicolons: false }
}

function read(bytes: Buffer): TableAnswer {
  try {
    const names = boundedZip(bytes, MAX_UNPACKED)
    // Without the list of types the reader would go on into a ZIP within the ZIP, which nobody has bounded.
    if (names !== null)
      return WORKBOOK.every((name) => names.includes(name)) ? readWorkbook(bytes) : { refused: 'plants.file_type' }
  } catch (error) {
    return { refused: error instanceof RangeError ? 'plants.file_too_large' : 'plants.file_unreadable' }
  }
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return { refused: 'plants.file_type' }
  }
  // Text has none of these; what has them is some other kind of file.
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u0008\u000e-\u001f]/.test(text)) return { refused: 'plants.file_type' }
  try {
    return readCsv(text)
  } catch {
    return { refused: 'plants.file_unreadable' }
  }
}

function write(rows: readonly (readonly Cell[])[]): TableAnswer {
  const book = xlsx.utils.book_new()
  xlsx.utils.book_append_sheet(book, xlsx.utils.aoa_to_sheet(rows as Cell[][]), 'plants')
  return { file: xlsx.write(book, { type: 'buffer', bookType: 'xlsx', compression: true }) as Uint8Array }
}

const task = workerData as TableTask
// A worker's port has no origin.
// oxlint-disable-next-line unicorn/require-post-message-target-origin
parentPort!.postMessage('rows' in task ? write(task.rows) : read(Buffer.from(task.file)))
