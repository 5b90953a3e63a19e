/**
 * Readings of one sensor as bytes. A chunk is whole by itself and says where it ends, so chunks one after the other are a
 * sequence of readings: what comes in is appended, never unpacked.
 *
 *     format  1 byte   0: plain records as migration 0004 wrote them; 1: the columns below
 *     modes   1 byte   how times (bit 0), values (bits 1, 2) and scores (bit 3) are written
 *     count   varint
 *     times   first; then runs of equal distances (distance, how often), or the differences of the distances
 *     values  one for all; or whole numbers of 10^-digits, each as the difference to the one before; or the bytes that
 *             differ from the one before (exclusive or, without the zeroes on both ends)
 *     scores  runs (score, how often), or a byte each
 *     marks   runs (mark, how often)
 *
 * Values come back bit by bit as they went in, but for -0, which ingest makes 0.
 */
import { newSeries, joined, NO_READINGS, type Series } from './series.ts'

const PLAIN = 0
const COLUMNS = 1
const [TIME_RUNS, TIME_DIFFERENCES] = [0, 1]
const [ONE_VALUE, DECIMAL, XOR] = [0, 2, 4]
const SCORE_BYTES = 8
/** Of a plain record: time, value, mark. */
const RECORD = 17

/** Ten digits of a whole number and a sign at most, so that differences are exact. */
const LARGEST = 2 ** 51
const POWERS = [1, 10, 100, 1e3, 1e4, 1e5, 1e6] as const

/** Grows and is used again; whoever takes from it copies. */
let scratch = new Uint8Array(1 << 16)
let end = 0

function room(bytes: number): void {
  if (end + bytes <= scratch.length) return
  const larger = new Uint8Array(Math.max(scratch.length * 2, end + bytes))
  larger.set(scratch)
  scratch = larger
}

function putVarint(value: number): void {
  let rest = value
  while (rest > 0x7fffffff) {
    scratch[end++] = (rest % 128) | 128
    rest = Math.floor(rest / 128)
  }
  while (rest > 127) {
    scratch[end++] = (rest & 127) | 128
    rest >>>= 7
  }
  scratch[end++] = rest
}
const putSigned = (value: number): void => putVarint(value < 0 ? -value * 2 - 1 : value * 2)

const float = new Float64Array(1)
const floatBytes = new Uint8Array(float.buffer)
const before = new Uint8Array(8)

/** Packs a series, which holds one reading at least. */
export function packChunk(series: Series): Buffer {
  const { length, at_ms, value, score, mark } = series
  end = 0
  // The longest that anything becomes: eight bytes of time, ten of value, two each of score and mark, and the heads.
  room(64 + length * 24)
  scratch[end++] = COLUMNS
  const modesAt = end++
  putVarint(length)
  let modes = putTimes(at_ms, length)
  modes |= putValues(value, length)
  modes |= putScores(score, length)
  putRuns(mark, length)
  scratch[modesAt] = modes
  return Buffer.from(scratch.subarray(0, end))
}

function putTimes(at_ms: Float64Array, length: number): number {
  putVarint(at_ms[0]!)
  let runs = length > 1 ? 1 : 0
  for (let i = 2; i < length; i += 1) {
    if (at_ms[i]! - at_ms[i - 1]! !== at_ms[i - 1]! - at_ms[i - 2]!) runs += 1
  }
  if (runs > 2 && runs * 3 > length) {
    let distance = at_ms[1]! - at_ms[0]!
    putVarint(distance)
    for (let i = 2; i < length; i += 1) {
      const next = at_ms[i]! - at_ms[i - 1]!
      putSigned(next - distance)
      distance = next
    }
    return TIME_DIFFERENCES
  }
  for (let i = 1; i < length;) {
    const distance = at_ms[i]! - at_ms[i - 1]!
    let next = i + 1
    while (next < length && distance === at_ms[next]! - at_ms[next - 1]!) next += 1
    putVarint(distance)
    putVarint(next - i)
    i = next
  }
  return TIME_RUNS
}

/** How many digits after the point all of them have; -1 where more than six, or where they are too large. */
function digitsOf(value: Float64Array, length: number): number {
  let digits = 0
  for (let i = 0; i < length; i += 1) {
    const one = value[i]!
    for (;;) {
      const power = POWERS[digits]
      if (power === undefined) return -1
      const whole = Math.round(one * power)
      if (whole > LARGEST || whole < -LARGEST) return -1
      if (whole / power === one) break
      digits += 1
    }
  }
  // Those before were looked at with fewer digits and may have become too large.
  const power = POWERS[digits]!
  for (let i = 0; i < length; i += 1) if (Math.abs(value[i]! * power) > LARGEST) return -1
  return digits
}

function putValues(value: Float64Array, length: number): number {
  const first = value[0]!
  let same = 1
  while (same < length && value[same] === first) same += 1
  if (same === length) {
    float[0] = first
    scratch.set(floatBytes, end)
    end += 8
    return ONE_VALUE
  }
  const digits = digitsOf(value, length)
  if (digits < 0) return putXor(value, length)
  const power = POWERS[digits]!
  scratch[end++] = digits
  let last = 0
  for (let i = 0; i < length; i += 1) {
    const whole = Math.round(value[i]! * power)
    putSigned(whole - last)
    last = whole
  }
  return DECIMAL
}

/** A byte says how many bytes are zero at the low end (high half) and how many follow (low half). */
function putXor(value: Float64Array, length: number): number {
  before.fill(0)
  for (let i = 0; i < length; i += 1) {
    float[0] = value[i]!
    let [low, high] = [0, 7]
    while (low < 8 && floatBytes[low] === before[low]) low += 1
    while (high > low && floatBytes[high] === before[high]) high -= 1
    const head = end++
    for (let at = low; at <= high && at < 8; at += 1) scratch[end++] = floatBytes[at]! ^ before[at]!
    scratch[head] = (low << 4) | (end - head - 1)
    before.set(floatBytes)
  }
  return XOR
}

function putScores(score: Uint8Array, length: number): number {
  let runs = 1
  for (let i = 1; i < length; i += 1) if (score[i] !== score[i - 1]) runs += 1
  if (runs * 2 < length + 2) {
    putRuns(score, length)
    return 0
  }
  scratch.set(score, end)
  end += length
  return SCORE_BYTES
}

function putRuns(bytes: Uint8Array, length: number): void {
  for (let i = 0; i < length;) {
    const byte = bytes[i]!
    let next = i + 1
    while (next < length && bytes[next] === byte) next += 1
    scratch[end++] = byte
    putVarint(next - i)
    i = next
  }
}

/** Reads on; the bytes are our own, and a count that leads beyond them stops with an error. */
let source: Uint8Array = scratch
let at = 0

function takeVarint(): number {
  let byte = source[at++]
  if (byte === undefined) throw new Error('A chunk of readings ends too early')
  if (byte < 128) return byte
  let value = byte & 127
  let weight = 128
  do {
    byte = source[at++]
    if (byte === undefined) throw new Error('A chunk of readings ends too early')
    value += (byte & 127) * weight
    weight *= 128
  } while (byte > 127)
  return value
}
function takeSigned(): number {
  const value = takeVarint()
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}

/** All readings of the chunks that lie one after the other in these bytes. */
export const unpackChunks = (bytes: Uint8Array): Series =>
  bytes.length === 0 ? NO_READINGS : joined(unpackEach(bytes))

/** Each chunk for itself. */
export function unpackEach(bytes: Uint8Array): Series[] {
  source = bytes
  at = 0
  const parts: Series[] = []
  while (at < bytes.length) {
    const format = source[at++]
    if (format === COLUMNS) parts.push(takeColumns())
    else if (format === PLAIN) parts.push(takePlain())
    else throw new Error(`Readings in a format that is not known: ${format}`)
  }
  return parts
}

function takeColumns(): Series {
  const modes = source[at++]!
  const length = takeVarint()
  // Never more than a few for each byte would be a limit too low: one run may stand for a whole block.
  if (length < 1 || length > 1 << 24) throw new Error('A chunk of readings has an impossible length')
  const series = newSeries(length)
  takeTimes(series.at_ms, (modes & 1) === TIME_DIFFERENCES)
  takeValues(series.value, modes & 6)
  if ((modes & SCORE_BYTES) === 0) takeRuns(series.score)
  else {
    series.score.set(source.subarray(at, at + length))
    at += length
  }
  takeRuns(series.mark)
  return series
}

function takeTimes(at_ms: Float64Array, differences: boolean): void {
  let time = (at_ms[0] = takeVarint())
  const { length } = at_ms
  if (length === 1) return
  if (differences) {
    let distance = takeVarint()
    at_ms[1] = time += distance
    for (let i = 2; i < length; i += 1) {
      distance += takeSigned()
      at_ms[i] = time += distance
    }
    return
  }
  for (let i = 1; i < length;) {
    const distance = takeVarint()
    for (let often = takeVarint(); often > 0 && i < length; often -= 1) at_ms[i++] = time += distance
  }
}

function takeValues(value: Float64Array, mode: number): void {
  const { length } = value
  if (mode === ONE_VALUE) {
    floatBytes.set(source.subarray(at, at + 8))
    at += 8
    value.fill(float[0]!)
  } else if (mode === DECIMAL) {
    const power = POWERS[source[at++]!]!
    let whole = 0
    for (let i = 0; i < length; i += 1) {
      whole += takeSigned()
      value[i] = whole / power
    }
  } else {
    floatBytes.fill(0)
    for (let i = 0; i < length; i += 1) {
      const head = source[at++]!
      const low = head >> 4
      for (let byte = low + (head & 15), from = at + (head & 15); byte > low;) floatBytes[--byte]! ^= source[--from]!
      at += head & 15
      value[i] = float[0]!
    }
  }
}

function takeRuns(bytes: Uint8Array): void {
  for (let i = 0; i < bytes.length;) {
    const byte = source[at++]!
    const often = takeVarint()
    bytes.fill(byte, i, (i += Math.max(1, often)))
  }
}

/** Records of a time (8 bytes), a value (8) and a mark (1), in the byte order of PostgreSQL; their number before them (4). */
function takePlain(): Series {
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength)
  const series = newSeries(view.getUint32(at))
  at += 4
  for (let i = 0; i < series.length; i += 1, at += RECORD) {
    series.at_ms[i] = Number(view.getBigInt64(at))
    series.value[i] = view.getFloat64(at + 8)
    series.mark[i] = view.getUint8(at + 16)
  }
  return series
}
