import * as xlsx from '@e965/xlsx'
import { type PageOrder, plain, type Reader, Unread } from './content.ts'
import { openPackage } from './open-package.ts'

const MAX_ROWS = 20_000
const MAX_COLUMNS = 256

type Cell = xlsx.CellObject | undefined
/** Dates and shares as they are shown, numbers as they are: «1,234.50» is a thousand to one reader and one to another. */
function shown(cell: Cell): string {
  if (cell === undefined || cell.v === undefined || cell.v === null || cell.t === 'e' || cell.t === 'z') return ''
  if (cell.t !== 'n') return String(cell.v).replaceAll(/\s+/g, ' ')
  const isDate = typeof cell.z === 'string' && xlsx.SSF.is_date(cell.z)
  return cell.w !== undefined && (isDate || cell.w.endsWith('%')) ? cell.w.trim() : String(cell.v)
}

const lineOf = (row: readonly Cell[] | undefined): string =>
  Array.from((row ?? []).slice(0, MAX_COLUMNS), shown)
    .join('\t')
    .trimEnd()

/** A page for each sheet: its name, then a line for each row. A formula counts by the result that was saved with it. */
export const readXlsx: Reader = async function* (bytes, bench): AsyncGenerator<PageOrder> {
  const parts = openPackage(bytes)
  // Without the list of types the library would go on into a ZIP within the ZIP, which nobody has bounded.
  if (parts === null || !['[Content_Types].xml', 'xl/workbook.xml'].every((name) => parts.names.includes(name)))
    throw new Unread('unreadable', 'The file is not a whole workbook.')
  const options = { type: 'array', dense: true, sheetRows: MAX_ROWS + 1, cellFormula: false, cellHTML: false } as const
  const book = xlsx.read(bytes, { ...options, cellNF: true, cellText: true, dateNF: 'yyyy-mm-dd' })
  await bench.expect(book.SheetNames.length)
  for (const name of book.SheetNames) {
    const rows = (book.Sheets[name]?.['!data'] ?? []) as (Cell[] | undefined)[]
    if (rows.length > MAX_ROWS) await bench.note(`Of a sheet only the first ${MAX_ROWS} rows were read.`)
    yield () => {
      const lines = Array.from(rows.slice(0, MAX_ROWS), lineOf).filter((line) => line !== '')
      return Promise.resolve(plain([name, ...lines].join('\n')))
    }
  }
}
