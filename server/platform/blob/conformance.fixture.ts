/** What every store of files keeps; run over each of them. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, utimesSync } from 'node:fs'
import { test } from 'node:test'
import { buffer } from 'node:stream/consumers'
import { newId } from '../new-id.ts'
import { Refusal } from '../refusal.ts'
import { contentKey, type BlobStore, type Spooled } from './blob-store.ts'
import { spool } from './spool.ts'

export const refused =
  (code: string) =>
  (error: unknown): true => {
    assert.ok(error instanceof Refusal, (error as Error).stack)
    assert.equal(error.code, code)
    return true
  }

/** A store of its own for each test, and a folder to spool in. */
export type Opened = { store: BlobStore; folder: string } & AsyncDisposable

export async function* inChunks(bytes: Buffer, size = 64 * 1024): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield Promise.resolve(bytes.subarray(at, at + size))
}
const spooled = ({ folder }: Opened, bytes: Buffer): Promise<Spooled> => spool(inChunks(bytes), folder)
const keyOf = (bytes: Buffer, tenantId = newId()): string =>
  contentKey(tenantId, createHash('sha256').update(bytes).digest('hex'))

async function stored(at: Opened, bytes: Buffer, key = keyOf(bytes)): Promise<string> {
  await at.store.put(key, await spooled(at, bytes))
  return key
}
async function keysOf(store: BlobStore, prefix: string): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of store.list(prefix)) found.push(key)
  return found.toSorted()
}

export function conform(name: string, open: () => Promise<Opened>): void {
  keepsBytes(name, open)
  keepsKeys(name, open)
  takesNoOtherKeys(name, open)
  keepsToItself(name, open)
}

type Open = () => Promise<Opened>

function keepsBytes(name: string, open: Open): void {
  test(`${name}: what is put is there with its bytes, its size and the moment, and again what took its place`, async () => {
    await using at = await open()
    for (const bytes of [Buffer.from('one'), Buffer.alloc(0), randomBytes(700_001)]) {
      const key = await stored(at, bytes)
      assert.deepEqual(await buffer(await at.store.open(key)), bytes)
      const found = (await at.store.stat(key))!
      assert.deepEqual([found.key, found.size], [key, bytes.length])
      assert.ok(Math.abs(found.modified.getTime() - Date.now()) < 300_000)
    }
    const key = await stored(at, Buffer.from('first'), 'a/b-c/d.e')
    await stored(at, Buffer.from('the second, longer'), key)
    assert.equal((await buffer(await at.store.open(key))).toString(), 'the second, longer')
    assert.deepEqual(await keysOf(at.store, 'a/'), [key])
    await at.store.check()
  })

  test(`${name}: a range is these bytes and no others`, async () => {
    await using at = await open()
    const bytes = randomBytes(300_000)
    const key = await stored(at, bytes)
    for (const [start, end] of [
      [0, 0],
      [0, 299_999],
      [17, 131_100],
      [299_999, 299_999],
    ] as const) {
      const read = await buffer(await at.store.open(key, { start, end }))
      assert.ok(read.equals(bytes.subarray(start, end + 1)), `${start} to ${end}`)
    }
  })

  test(`${name}: what is not there is missing, and removing it is nothing`, async () => {
    await using at = await open()
    const key = keyOf(Buffer.from('nobody'))
    assert.equal(await at.store.stat(key), null)
    await assert.rejects(at.store.open(key), refused('blobs.missing'))
    await assert.rejects(at.store.open(key, { start: 0, end: 1 }), refused('blobs.missing'))
    await at.store.remove(key)
    await stored(at, Buffer.from('somebody'), key)
    await at.store.remove(key)
    assert.equal(await at.store.stat(key), null)
    // The name of a folder of others is no blob.
    await stored(at, Buffer.from('x'), 'a/b/c')
    assert.equal(await at.store.stat('a/b'), null)
    await assert.rejects(at.store.open('a/b'), refused('blobs.missing'))
  })
}

function keepsKeys(name: string, open: Open): void {
  test(`${name}: a list holds what begins so, wherever that ends, over all its pages`, async () => {
    await using at = await open()
    const keys = [
      't1/aa/1',
      't1/aa/2',
      't1/ab/3',
      't1/b/4',
      't1/b/5',
      't1/b/6',
      't1/b/7',
      't1/b/8',
      't11/aa/1',
      't2/aa/1',
    ]
    for (const key of keys) await stored(at, Buffer.from(key), key)
    const expect = async (prefix: string): Promise<void> =>
      assert.deepEqual(await keysOf(at.store, prefix), keys.filter((key) => key.startsWith(prefix)).toSorted(), prefix)
    for (const prefix of ['', 't1', 't1/', 't1/a', 't1/aa', 't1/aa/', 't1/b/', 't1/b/4', 't3/', 't1/zz/'])
      await expect(prefix)
    for await (const one of at.store.list('t1/')) {
      assert.equal(one.size, Buffer.byteLength(one.key))
      const { modified } = (await at.store.stat(one.key))!
      assert.ok(Math.abs(modified.getTime() - one.modified.getTime()) < 1000)
    }
  })

  test(`${name}: putting again renews the moment, also from a spool that is old`, async () => {
    await using at = await open()
    const key = keyOf(Buffer.from('again'))
    const file = await spooled(at, Buffer.from('again'))
    utimesSync(file.path, new Date(0), new Date(0))
    await at.store.put(key, file)
    assert.ok((await at.store.stat(key))!.modified.getTime() > Date.now() - 300_000)
  })
}

function takesNoOtherKeys(name: string, open: Open): void {
  test(`${name}: a key that leads elsewhere is none`, async () => {
    await using at = await open()
    const file = await spooled(at, Buffer.from('x'))
    const wrong = [
      '',
      '/',
      'a//b',
      '../a',
      'a/../b',
      'a/..',
      '.a',
      'a/./b',
      '/a',
      'a/',
      'A',
      'è',
      'a b',
      'a\\b',
      'a%2fb',
      'a\0',
      'a?b',
    ]
    for (const key of [...wrong, 'a'.repeat(201), 'a/'.repeat(400) + 'a']) {
      const it = { message: /Not a key/ }
      await assert.rejects(async () => at.store.put(key, file), it)
      await assert.rejects(async () => at.store.open(key), it)
      await assert.rejects(async () => at.store.stat(key), it)
      await assert.rejects(async () => at.store.remove(key), it)
    }
    for (const prefix of ['..', '../', '/', 'a/../', '.', 'a//'])
      await assert.rejects(keysOf(at.store, prefix), { message: /Not how keys/ })
    assert.deepEqual(await keysOf(at.store, ''), [])
  })
}

function keepsToItself(name: string, open: Open): void {
  test(`${name}: who has ended is heard, and nothing half is there`, async () => {
    await using at = await open()
    const over = AbortSignal.abort(new Error('over'))
    const key = keyOf(Buffer.from('x'))
    const file = await spooled(at, Buffer.from('x'))
    await assert.rejects(at.store.put(key, file, over), /over/)
    assert.equal(await at.store.stat(key), null)
    await stored(at, Buffer.alloc(4_000_000, 1), key)
    for (const call of [
      () => at.store.open(key, undefined, over),
      () => at.store.stat(key, over),
      () => at.store.remove(key, over),
    ])
      await assert.rejects(call(), /over/)
    const ending = new AbortController()
    const reading = await at.store.open(key, undefined, ending.signal)
    await assert.rejects(async () => {
      for await (const _ of reading) ending.abort(new Error('over'))
    })
    assert.equal((await at.store.stat(key))?.size, 4_000_000)
    // One who leaves in the middle keeps nothing open.
    for await (const _ of await at.store.open(key)) break
  })

  test(`${name}: many at once, also of the same content`, async () => {
    await using at = await open()
    const contents = Array.from({ length: 12 }, (_, index) => Buffer.from(`content ${index % 4}`))
    await Promise.all(contents.map((bytes) => stored(at, bytes, keyOf(bytes, 'one'))))
    const found = await keysOf(at.store, 'one/')
    assert.equal(found.length, 4)
    for (const bytes of contents) assert.deepEqual(await buffer(await at.store.open(keyOf(bytes, 'one'))), bytes)
  })
}

/** What lies in a spool. */
export const leftIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : [])
