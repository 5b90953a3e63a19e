import { readEpoch, type Precision } from './instant.ts'
import { joinLines, OPEN_TEXT } from './joined-lines.ts'
import { readFieldValue, type FieldValue } from './line-values.ts'
import { lineParser, ownCopy, type RowParser } from './row-parser.ts'
import { addRow, newRows, refuseRow, shown, type Rows } from './rows.ts'
import { LONGEST_KEY, sourceKey } from './source-key.ts'

const [COMMA, EQUALS, SPACE, BACKSLASH, QUOTE, HASH] = [44, 61, 32, 92, 34, 35]
const GOOD = 192
const END_OF_1970 = 31_536_000_000

/** What stands before the fields, as it was written: looked into once and remembered. */
type Series = {
  measurement: string
  plant: string | null
  tags: [string, string][]
  fields: Map<string, string | null>
}
/** One line while it is read: names and values of its fields. */
type Fields = { names: string[]; values: FieldValue[]; count: number }
type State = {
  rows: Rows
  series: Map<string, Series | string>
  fields: Fields
} & LineOptions

export type LineOptions = {
  precision: Precision
  /** The time of lines that have none. */
  receivedMs: number
  /** The tag `plant` of lines that have none. */
  plant?: string | undefined
}

/** InfluxDB line protocol: each numeric field of a line is a reading. */
export function parseLineProtocol(options: LineOptions): RowParser {
  const state: State = {
    rows: newRows(),
    series: new Map(),
    fields: { names: [], values: [], count: 0 },
    ...options,
  }
  const { rows } = state
  const joined = joinLines({
    take: (text, from, to, number) => {
      const begin = skipSpaces(text, from, to)
      return begin === to || text.charCodeAt(begin) === HASH ? null : takeLine(state, text, begin, to, number)
    },
    refuse: (number, why) => refuseRow(rows, number, 'plant_ops.malformed_row', why),
  })
  return lineParser(rows, joined.line, joined.flush)
}

function skipSpaces(text: string, from: number, to: number): number {
  let at = from
  while (at < to && (text.charCodeAt(at) === SPACE || text.charCodeAt(at) === 9)) at += 1
  return at
}

/** The first place of one of two characters that no backslash hides; `to` where there is none. */
function findBare(text: string, from: number, to: number, one: number, other: number): number {
  for (let at = from; at < to; at += 1) {
    const code = text.charCodeAt(at)
    if (code === BACKSLASH) at += 1
    else if (code === one || code === other) return at
  }
  return to
}

const unescaped = (text: string, special: RegExp): string =>
  text.includes('\\') ? text.replaceAll(special, '$1') : text
const ESCAPED = /\\([,= ])/g

/** Null where the line was taken, though single fields of it may have been refused; else why the whole line is not. */
function takeLine(state: State, text: string, from: number, to: number, number: number): string | null {
  const space = findBare(text, from, to, SPACE, SPACE)
  const written = text.slice(from, space)
  let series = state.series.get(written)
  if (series === undefined) {
    const copy = ownCopy(written)
    series = readSeries(copy, state.plant)
    state.series.set(copy, series)
  }
  if (typeof series === 'string') return series
  const after = readFields(state.fields, text, skipSpaces(text, space, to), to)
  if (typeof after === 'string') return after
  const begin = skipSpaces(text, after, to)
  let end = to
  while (end > begin && (text.charCodeAt(end - 1) === SPACE || text.charCodeAt(end - 1) === 9)) end -= 1
  const given = begin < end
  const at = given ? readEpoch(text, begin, end, state.precision) : state.receivedMs
  if (Number.isNaN(at)) return `The time ${shown(text.slice(begin, end))} is not a whole number of ${state.precision}.`
  // Seconds read as nanoseconds lead there, and nothing that speaks this protocol was there.
  if (given && at >= 0 && at < END_OF_1970) return `The time lies in 1970: is its precision ${state.precision}?`
  takeFields(state, series, at, number)
  return null
}

/** Where the fields end; or what is wrong with them. */
function readFields(fields: Fields, text: string, from: number, to: number): number | string {
  fields.count = 0
  for (let at = from; ;) {
    const equals = findBare(text, at, to, EQUALS, SPACE)
    if (equals >= to || equals === at || text.charCodeAt(equals) !== EQUALS) return 'A field is name=value.'
    let end: number
    let value: FieldValue
    if (text.charCodeAt(equals + 1) === QUOTE && equals + 1 < to) {
      end = endOfText(text, equals + 2, to)
      if (end < 0) return OPEN_TEXT
      value = 'text'
    } else {
      end = equals + 1
      for (; end < to; end += 1) {
        const code = text.charCodeAt(end)
        if (code === COMMA || code === SPACE || code === 9) break
      }
      value = readFieldValue(text, equals + 1, end)
      if (value === 'malformed') return `The value ${shown(text.slice(equals + 1, end))} is not a number.`
    }
    fields.names[fields.count] = text.slice(at, equals)
    fields.values[fields.count] = value
    fields.count += 1
    if (end >= to || text.charCodeAt(end) !== COMMA) {
      return end >= to || text.charCodeAt(end) === SPACE || text.charCodeAt(end) === 9
        ? end
        : 'Something follows a value.'
    }
    at = end + 1
  }
}

/** The place after the closing quote; -1 where there is none. In a text only `\"` and `\\` are escapes. */
function endOfText(text: string, from: number, to: number): number {
  for (let at = from; at < to; at += 1) {
    const code = text.charCodeAt(at)
    if (code === BACKSLASH) at += 1
    else if (code === QUOTE) return at + 1
  }
  return -1
}

function takeFields(state: State, series: Series, at: number, number: number): void {
  const { rows, fields } = state
  for (let one = 0; one < fields.count; one += 1) {
    const [name, value] = [fields.names[one]!, fields.values[one]!]
    let source = series.fields.get(name)
    if (source === undefined) {
      const copy = ownCopy(name)
      source = noteSource(rows, series, unescaped(copy, ESCAPED))
      series.fields.set(copy, source)
    }
    if (value === 'text') refuseRow(rows, number, 'plant_ops.text_value', shown(name))
    else if (value === 'not_finite') refuseRow(rows, number, 'plant_ops.not_finite', shown(name))
    else if (source === null)
      refuseRow(rows, number, 'plant_ops.unknown_source', `Its key is longer than ${LONGEST_KEY}.`)
    else addRow(rows, number, source, at, value as number, GOOD)
  }
}

/** Null where the key is longer than sources have. */
function noteSource({ sources }: Rows, { measurement, plant, tags }: Series, field: string): string | null {
  const key = sourceKey(measurement, tags, field)
  if (key.length > LONGEST_KEY) return null
  sources.set(key, { key, plant })
  return key
}

// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

/** Measurement and tags; or what is wrong with them. */
function readSeries(written: string, ofPlant: string | undefined): Series | string {
  if (CONTROL.test(written)) return 'It has control characters.'
  const to = written.length
  const comma = findBare(written, 0, to, COMMA, COMMA)
  if (comma === 0) return 'It has no measurement.'
  const measurement = unescaped(written.slice(0, comma), /\\([, ])/g)
  const tags = new Map<string, string>()
  for (let at = comma; at < to;) {
    const equals = findBare(written, at + 1, to, EQUALS, COMMA)
    const end =
      equals < to && written.charCodeAt(equals) === EQUALS ? findBare(written, equals + 1, to, COMMA, EQUALS) : equals
    const key = unescaped(written.slice(at + 1, equals), ESCAPED)
    const value = unescaped(written.slice(equals + 1, end), ESCAPED)
    if (key === '' || value === '' || written.charCodeAt(end) === EQUALS) return 'A tag is name=value.'
    if (tags.has(key)) return `The tag ${shown(key)} is there twice.`
    tags.set(key, value)
    at = end
  }
  if (ofPlant !== undefined && !tags.has('plant')) tags.set('plant', ofPlant)
  return { measurement, plant: tags.get('plant') ?? null, tags: [...tags], fields: new Map() }
}
