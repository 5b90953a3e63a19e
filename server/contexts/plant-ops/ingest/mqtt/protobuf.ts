/** As much of protocol buffers' encoding as Sparkplug needs: fields one after the other, in place. */

/** A field's number and value: whole numbers as they are written (unsigned), everything else as a piece of the bytes. */
export type Field = { number: number; whole: bigint; bytes: Uint8Array }

const NONE = new Uint8Array(0)

/** What cannot be read; never anything but this is thrown. */
export class ProtobufError extends Error {}

type Cursor = { bytes: Uint8Array; at: number }

function readVarint(cursor: Cursor): bigint {
  const { bytes } = cursor
  let [low, shift] = [0, 0]
  // Nearly all are short, and a plain number is faster.
  for (; shift < 28; shift += 7) {
    const byte = bytes[cursor.at]
    if (byte === undefined) throw new ProtobufError('it ends in the middle')
    cursor.at += 1
    low |= (byte & 127) << shift
    if (byte < 128) return BigInt(low)
  }
  let whole = BigInt(low)
  for (let place = 28n; place < 70n; place += 7n) {
    const byte = bytes[cursor.at]
    if (byte === undefined) throw new ProtobufError('it ends in the middle')
    cursor.at += 1
    whole |= BigInt(byte & 127) << place
    if (byte < 128) return BigInt.asUintN(64, whole)
  }
  throw new ProtobufError('a number has more than 64 bits')
}

function piece(cursor: Cursor, length: number): Uint8Array {
  if (length > cursor.bytes.length - cursor.at) throw new ProtobufError('it ends in the middle')
  const bytes = cursor.bytes.subarray(cursor.at, cursor.at + length)
  cursor.at += length
  return bytes
}

/** The fields of one message in the order in which they are written. */
export function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  const cursor: Cursor = { bytes, at: 0 }
  while (cursor.at < bytes.length) {
    const tag = Number(readVarint(cursor) & 0xffffffffn)
    const [number, wire] = [tag >>> 3, tag & 7]
    if (number === 0) throw new ProtobufError('a field has no number')
    if (wire === 0) yield { number, whole: readVarint(cursor), bytes: NONE }
    else if (wire === 1) yield { number, whole: 0n, bytes: piece(cursor, 8) }
    else if (wire === 5) yield { number, whole: 0n, bytes: piece(cursor, 4) }
    else if (wire === 2) {
      const length = readVarint(cursor)
      yield { number, whole: 0n, bytes: piece(cursor, length > 0xffffffffn ? bytes.length + 1 : Number(length)) }
    } else throw new ProtobufError('a field is of no type that is in use')
  }
}

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** 4 bytes; NaN where there are others. */
export const floatOf = (bytes: Uint8Array): number =>
  bytes.length === 4 ? view(bytes).getFloat32(0, true) : Number.NaN
/** 8 bytes; NaN where there are others. */
export const doubleOf = (bytes: Uint8Array): number =>
  bytes.length === 8 ? view(bytes).getFloat64(0, true) : Number.NaN

const utf8 = new TextDecoder('utf-8', { fatal: true })
export function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw new ProtobufError('a text is not UTF-8')
  }
}
