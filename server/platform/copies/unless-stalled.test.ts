import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { unlessStalled } from './unless-stalled.ts'

const chunks = async function* (count: number, everyMs = 0): AsyncGenerator<Buffer> {
  for (let made = 0; made < count; made++) {
    if (everyMs > 0) await sleep(everyMs)
    yield Buffer.alloc(64 * 1024)
  }
}

test('a reader that takes nothing ends the stream, and what it was made from', async () => {
  const out = new PassThrough()
  const source = Readable.from(chunks(100))
  await assert.rejects(pipeline(unlessStalled(source, out, 50), out), /took nothing/)
  assert.ok(source.destroyed)
})

test('a slow source and a slow but living reader do not', async () => {
  const out = new PassThrough()
  const done = pipeline(unlessStalled(chunks(4, 80), out, 60), out)
  let bytes = 0
  for await (const chunk of out) bytes += (chunk as Buffer).length
  await done
  assert.equal(bytes, 4 * 64 * 1024)
})
