import { doubleOf, fieldsOf, floatOf, ProtobufError, textOf } from './protobuf.ts'

/** A metric as it is written; what a birth told of it is known elsewhere. */
export type Metric = {
  name: string | null
  alias: bigint | null
  at_ms: number | null
  datatype: number | null
  /** Kept by the node from some earlier time, and not what it measures now. */
  is_historical: boolean
  is_null: boolean
  /** As it is written: signedness is told by the datatype. Null for what is no number. */
  written: { kind: 'int' | 'long' | 'float' | 'boolean'; value: bigint | number } | null
  quality: number | null
}
export type Payload = { at_ms: number | null; seq: number | null; metrics: Metric[] }

/** More than a node has; what is kept of one message is bounded by it. */
export const MOST_METRICS = 10_000

const millis = (whole: bigint): number => (whole <= 253_402_300_799_999n ? Number(whole) : Number.NaN)

/** A Sparkplug B payload. Throws a ProtobufError for what is none. */
export function decodePayload(bytes: Uint8Array): Payload {
  const payload: Payload = { at_ms: null, seq: null, metrics: [] }
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) payload.at_ms = millis(field.whole)
    else if (field.number === 2) {
      if (payload.metrics.length === MOST_METRICS) throw new ProtobufError('it has more than 10,000 metrics')
      payload.metrics.push(decodeMetric(field.bytes))
    } else if (field.number === 3) payload.seq = Number(field.whole & 0xffffn)
  }
  return payload
}

function decodeMetric(bytes: Uint8Array): Metric {
  const metric: Metric = {
    ...{ name: null, alias: null, at_ms: null, datatype: null, is_historical: false, is_null: false },
    ...{ written: null, quality: null },
  }
  for (const { number, whole, bytes: piece } of fieldsOf(bytes)) {
    if (number === 1) metric.name = textOf(piece)
    else if (number === 2) metric.alias = whole
    else if (number === 3) metric.at_ms = millis(whole)
    else if (number === 4) metric.datatype = Number(whole & 0xffffn)
    else if (number === 5) metric.is_historical = whole !== 0n
    else if (number === 7) metric.is_null = whole !== 0n
    else if (number === 9) metric.quality = decodeQuality(piece)
    else if (number === 10) metric.written = { kind: 'int', value: whole }
    else if (number === 11) metric.written = { kind: 'long', value: whole }
    else if (number === 12) metric.written = { kind: 'float', value: floatOf(piece) }
    else if (number === 13) metric.written = { kind: 'float', value: doubleOf(piece) }
    else if (number === 14) metric.written = { kind: 'boolean', value: whole === 0n ? 0 : 1 }
  }
  return metric
}

/** The property `Quality`, null where there is none. */
function decodeQuality(bytes: Uint8Array): number | null {
  const names: string[] = []
  const values: number[] = []
  for (const { number, bytes: piece } of fieldsOf(bytes)) {
    if (number === 1) names.push(textOf(piece))
    if (number === 2) {
      let value = Number.NaN
      for (const one of fieldsOf(piece)) if (one.number === 3 || one.number === 4) value = Number(one.whole)
      values.push(value)
    }
  }
  return values[names.indexOf('Quality')] ?? null
}

/** Bits of Sparkplug's whole numbers by datatype, and whether they have a sign. */
const WHOLE: ReadonlyMap<number, { bits: number; signed: boolean }> = new Map([
  [1, { bits: 8, signed: true }],
  [2, { bits: 16, signed: true }],
  [3, { bits: 32, signed: true }],
  [4, { bits: 64, signed: true }],
  [5, { bits: 8, signed: false }],
  [6, { bits: 16, signed: false }],
  [7, { bits: 32, signed: false }],
  [8, { bits: 64, signed: false }],
])
const NUMBERS = new Set([9, 10, 11])

/** The number that a metric holds; null for text, dates, tables and everything else that is no reading. */
export function numberOf({ written }: Metric, datatype: number | null): number | null {
  if (written === null || datatype === null) return null
  const whole = WHOLE.get(datatype)
  if (whole !== undefined) {
    if (typeof written.value !== 'bigint') return null
    const { bits, signed } = whole
    return Number(signed ? BigInt.asIntN(bits, written.value) : BigInt.asUintN(bits, written.value))
  }
  return NUMBERS.has(datatype) && typeof written.value === 'number' ? written.value : null
}
