/** An S3-compatible store that misbehaves, over a real socket. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { inChunks, refused } from './conformance.fixture.ts'
import { openS3Store, type S3Settings } from './s3-store.ts'
import { standIn, type Fault, type StandIn } from './s3.fixture.ts'
import { spool, type Spool } from './spool.ts'

const TIMES = { answer: 10_000, idle: 10_000, wait: 5 }
const quick = (settings: S3Settings, times = TIMES) => openS3Store(settings, times)

const busy: Fault = (_request, response) => {
  response.writeHead(503).end('<Error><Code>SlowDown</Code></Error>')
  return true
}
const cut: Fault = (request) => {
  request.socket.destroy()
  return true
}
const silent: Fault = () => true

async function withFile(bytes: Buffer, use: (server: StandIn, file: Spool) => Promise<void>): Promise<void> {
  await using server = await standIn()
  const folder = mkdtempSync(join(tmpdir(), 'officina-s3-spool-'))
  try {
    await use(server, await spool(inChunks(bytes), folder))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
const small = Buffer.from('a small file')

test('a store that is busy or breaks off for a moment is asked again, the file from its beginning', () =>
  withFile(randomBytes(900_000), async ({ settings, faults, calls }, file) => {
    const store = quick(settings)
    // In the middle of the upload, too.
    const inTheMiddle: Fault = (request) => {
      request.once('data', () => request.socket.destroy())
      return true
    }
    faults.push(busy, inTheMiddle, cut)
    await store.put('a/b', file)
    assert.equal(calls.length, 4)
    faults.push(busy, cut)
    assert.equal((await store.stat('a/b'))?.size, 900_000)
    faults.push(cut, busy)
    assert.equal((await buffer(await store.open('a/b'))).length, 900_000)
    faults.push(busy)
    await store.remove('a/b')
    faults.push(busy)
    for await (const one of store.list('')) assert.fail(one.key)
  }))

test('a store that stays busy, is not there or refuses us is unavailable, and a wrong secret is not tried twice', () =>
  withFile(small, async ({ settings, faults, calls, folder }, file) => {
    faults.push(busy, busy, busy, busy)
    await assert.rejects(quick(settings).put('a/b', file), refused('blobs.unavailable'))
    assert.equal(calls.length, 4)
    const wrong = quick({ ...settings, secretAccessKey: 'another secret of some length' })
    await assert.rejects(wrong.put('a/b', file), refused('blobs.unavailable'))
    await assert.rejects(wrong.open('a/b'), refused('blobs.unavailable'))
    await assert.rejects(wrong.stat('a/b'), refused('blobs.unavailable'))
    await assert.rejects(wrong.remove('a/b'), refused('blobs.unavailable'))
    await assert.rejects(wrong.check(), refused('blobs.unavailable'))
    assert.equal(calls.length, 9)
    const none = quick({ ...settings, bucket: 'another' })
    await assert.rejects(none.put('a/b', file), refused('blobs.unavailable'))
    // Not «missing»: nobody may take the files for lost because of a wrong setting.
    await assert.rejects(none.open('a/b'), refused('blobs.unavailable'))
    await assert.rejects(none.remove('a/b'), refused('blobs.unavailable'))
    const nobody = quick({ ...settings, endpoint: 'http://127.0.0.1:1' })
    await assert.rejects(nobody.stat('a/b'), refused('blobs.unavailable'))
    await assert.rejects(nobody.check())
    assert.deepEqual(readdirSync(folder), [])
  }))

test('a store that says nothing is left alone after its time, and who waits for it may leave before', () =>
  withFile(small, async ({ settings, faults }, file) => {
    const store = quick(settings, { ...TIMES, answer: 50 })
    faults.push(silent, silent, silent, silent)
    await assert.rejects(store.put('a/b', file), refused('blobs.unavailable'))
    faults.push(silent)
    await assert.rejects(store.check())
    const [patient, leaving] = [quick(settings, { ...TIMES, answer: 3_600_000 }), new AbortController()]
    faults.push(() => {
      leaving.abort(new Error('left'))
      return true
    })
    await assert.rejects(patient.put('a/b', file, leaving.signal), /left/)
  }))

test('what is cut off or falls silent in its middle ends in an error, never as if it were whole', () =>
  withFile(small, async ({ settings, faults }) => {
    const half =
      (then: 'cut' | 'silent'): Fault =>
      (_request, response) => {
        response.writeHead(200, { 'content-length': 200_000 })
        response.write(Buffer.alloc(100_000), () => then === 'cut' && response.destroy())
        return true
      }
    for (const then of ['cut', 'silent'] as const) {
      faults.push(half(then))
      const stream = await quick(settings, { ...TIMES, idle: 300 }).open('a/b')
      let read = 0
      await assert.rejects(
        async () => {
          for await (const chunk of stream) read += (chunk as Buffer).length
        },
        refused('blobs.unavailable'),
        then,
      )
      assert.ok(read <= 100_000)
    }
  }))

test('a whole file instead of a range, a listing that is none or never goes on, and endless text are not believed', () =>
  withFile(small, async ({ settings, faults }, file) => {
    const store = quick(settings)
    await store.put('a/b', file)
    faults.push((_request, response) => {
      response.writeHead(200, { 'content-length': 12 }).end(small)
      return true
    })
    await assert.rejects(store.open('a/b', { start: 1, end: 2 }), refused('blobs.unavailable'))
    const listing = async (xml: string): Promise<number> => {
      faults.push((_request, response) => {
        response.writeHead(200).end(xml)
        return true
      })
      let count = 0
      for await (const _ of store.list('')) count += 1
      return count
    }
    await assert.rejects(listing('<html>'), refused('blobs.unavailable'))
    await assert.rejects(
      listing('<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>'),
      refused('blobs.unavailable'),
    )
    await assert.rejects(listing('x'.repeat(5_000_000)), refused('blobs.unavailable'))
    // An entity that would be a gigabyte is text, and no key of ours.
    const bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    const holds = (key: string): string =>
      `${bomb}<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>${key}</Key><LastModified>2026-01-01T00:00:00Z</LastModified><Size>1</Size></Contents></ListBucketResult>`
    assert.equal(await listing(holds('&b;')), 0)
    assert.equal(await listing(holds('in/here/c')), 1)
  }))
