import { refuseRow, type Rows } from './rows.ts'
import { readLines, type LineTaker } from './text-lines.ts'

/** Takes a body piece by piece, wherever it was cut, and says at its end what was in it. Throws a refusal of the whole, and nothing else. */
export type RowParser = { chunk: (bytes: Buffer) => void; end: () => Rows }

/** Texts that come again and again, each kept once and by itself: a slice would keep the whole piece of body it was cut from. */
export const ownCopy = (text: string): string => Buffer.from(text, 'utf8').toString('utf8')

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** The ids of sensors in one body as the database spells them; null for what is no id, and therefore no sensor. */
export function sensorIds(): (text: string) => string | null {
  const known = new Map<string, string>()
  let last: string | null = null
  let lastId = ''
  return (text) => {
    if (text === last) return lastId
    let id = known.get(text)
    if (id === undefined) {
      if (!ID.test(text)) return null
      id = ownCopy(text.toLowerCase())
      known.set(ownCopy(text), id)
    }
    last = text
    lastId = id
    return id
  }
}

/** A parser whose rows are lines; what cannot be text is refused as the line that it is. `flush`: no line follows those before. */
export function lineParser(rows: Rows, line: LineTaker['line'], flush: () => void = () => undefined): RowParser {
  const lines = readLines({
    line,
    unreadable: (number, why) => {
      flush()
      refuseRow(rows, number, why === 'not_utf8' ? 'plant_ops.not_utf8' : 'plant_ops.row_too_long')
    },
  })
  return {
    chunk: lines.chunk,
    end: () => {
      lines.end()
      flush()
      return rows
    },
  }
}
