import { createCipheriv, createDecipheriv } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib'
import type { ByteReader } from './byte-reader.ts'
import { copyRefusals } from './refusals.ts'
import type { Chunks } from './rows.ts'

/**
 * The body of a copy: compressed (zstd), then cut into frames that are encrypted each by itself (AES-256-GCM, in the manner of
 * STREAM): `length (4 bytes, the highest bit says last) | ciphertext | tag (16)`. The nonce is the frame's number and whether it is
 * the last, and the header's digest is authenticated with each, so that nothing can be cut off, left out, exchanged or added.
 * The key is used for one copy only, so a nonce never comes twice.
 */
const FRAME_BYTES = 256 * 1024
const TAG_BYTES = 16
const LAST = 0x8000_0000

export type BodyKey = { key: Buffer; headerDigest: Buffer }

function nonceOf(number: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUIntBE(number, 0, 6)
  nonce[11] = last ? 1 : 0
  return nonce
}

function sealFrame({ key, headerDigest }: BodyKey, number: number, plain: Buffer, last: boolean): Buffer[] {
  const cipher = createCipheriv('aes-256-gcm', key, nonceOf(number, last)).setAAD(headerDigest)
  const sealed = cipher.update(plain)
  cipher.final()
  const length = Buffer.alloc(4)
  length.writeUInt32BE((sealed.length + TAG_BYTES + (last ? LAST : 0)) >>> 0)
  return [length, sealed, cipher.getAuthTag()]
}

function openFrame({ key, headerDigest }: BodyKey, number: number, frame: Buffer, last: boolean): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(number, last), { authTagLength: TAG_BYTES })
  decipher.setAAD(headerDigest).setAuthTag(frame.subarray(frame.length - TAG_BYTES))
  try {
    return Buffer.concat([decipher.update(frame.subarray(0, frame.length - TAG_BYTES)), decipher.final()])
  } catch (cause) {
    throw copyRefusals.refuse('copies.damaged', { cause })
  }
}

/** Compresses and encrypts. */
export async function* sealBody(plain: Chunks, body: BodyKey): AsyncGenerator<Buffer> {
  const compressed = through(plain, createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 3 } }))
  let number = 0
  let waiting: Buffer[] = []
  let size = 0
  for await (const chunk of compressed) {
    waiting.push(chunk)
    size += chunk.length
    if (size < FRAME_BYTES) continue
    yield* sealFrame(body, number++, Buffer.concat(waiting, size), false)
    waiting = []
    size = 0
  }
  yield* sealFrame(body, number, Buffer.concat(waiting, size), true)
}

/** Decrypts and decompresses; throws `copies.damaged` at the first byte that is not as it was made. */
export const openBody = (reader: ByteReader, body: BodyKey): AsyncGenerator<Buffer> =>
  through(openFrames(reader, body), createZstdDecompress())

async function* openFrames(reader: ByteReader, body: BodyKey): AsyncGenerator<Buffer> {
  for (let number = 0; ; number++) {
    const head = (await reader.take(4))?.readUInt32BE()
    if (head === undefined) throw copyRefusals.refuse('copies.damaged')
    const last = head >= LAST
    const length = last ? head - LAST : head
    // Compression may hand over one chunk more than a frame's worth.
    if (length < TAG_BYTES || length > 4 * FRAME_BYTES) throw copyRefusals.refuse('copies.damaged')
    const frame = await reader.take(length)
    if (frame === null) throw copyRefusals.refuse('copies.damaged')
    yield openFrame(body, number, frame, last)
    if (!last) continue
    if ((await reader.take(1)) !== null) throw copyRefusals.refuse('copies.damaged')
    return
  }
}

async function* through(
  source: Chunks,
  transform: NodeJS.ReadWriteStream & AsyncIterable<unknown>,
): AsyncGenerator<Buffer> {
  const done = pipeline(source, transform)
  // What fails in the source is thrown by the iteration; without a listener it would end the process as well.
  done.catch(() => undefined)
  for await (const chunk of transform) yield chunk as Buffer
  await done
}
