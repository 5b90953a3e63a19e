import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { conform, inChunks, leftIn, refused, type Opened } from './conformance.fixture.ts'
import { openLocalStore } from './local-store.ts'
import { openS3Store } from './s3-store.ts'
import { standIn } from './s3.fixture.ts'
import { spool, sweepSpool } from './spool.ts'

const run = promisify(execFile)

function folderStore(): Opened & { home: string } {
  const home = mkdtempSync(join(tmpdir(), 'officina-blobs-'))
  return {
    ...{ home, store: openLocalStore(join(home, 'files')), folder: join(home, 'spool') },
    [Symbol.asyncDispose]: () => Promise.resolve(rmSync(home, { recursive: true, force: true })),
  }
}
async function bucketStore(): Promise<Opened> {
  const [server, home] = [await standIn(), mkdtempSync(join(tmpdir(), 'officina-blobs-'))]
  return {
    ...{ store: openS3Store(server.settings), folder: join(home, 'spool') },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

conform('a folder', () => Promise.resolve(folderStore()))
conform('a bucket', bucketStore)

/** In a process of its own, whose memory is nobody else's: spools, stores and reads back so many MiB. */
const LARGE = `
import { createHash } from 'node:crypto'
const [kind, where, folder, mib] = process.argv.slice(1)
const here = (name) => import(new URL(name, ${JSON.stringify(import.meta.url)}))
const { spool } = await here('./spool.ts')
const store = kind === 'folder' ? (await here('./local-store.ts')).openLocalStore(where) : (await here('./s3-store.ts')).openS3Store(JSON.parse(where))
const through = async (n) => {
  const made = async function* () { for (let i = 0; i < n * 16; i++) yield Buffer.alloc(65536, i) }
  const file = await spool(made(), folder)
  await store.put('large/file', file)
  const hash = createHash('sha256')
  for await (const chunk of await store.open('large/file')) hash.update(chunk)
  return hash.digest('hex') === file.sha256 && (await store.stat('large/file')).size === n * 1048576
}
const warm = await through(2)
const before = process.resourceUsage().maxRSS
const same = await through(Number(mib))
console.log(JSON.stringify({ same: warm && same, grown: (process.resourceUsage().maxRSS - before) / 1024 }))`

for (const kind of ['folder', 'bucket'])
  test(`a file of 192 MiB passes through in constant memory (${kind})`, { timeout: 120_000 }, async () => {
    await using at = folderStore()
    await using server = await standIn()
    const where = kind === 'folder' ? join(at.home, 'files') : JSON.stringify(server.settings)
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', LARGE, kind, where, at.folder, '192'])
    const { same, grown } = JSON.parse(stdout) as { same: boolean; grown: number }
    assert.ok(same)
    assert.ok(grown < 128, `${grown} MiB more`)
  })

test('files of a folder are their owner’s alone, and no spool is left', async () => {
  await using at = folderStore()
  const { path, sha256, size } = await spool(inChunks(Buffer.from('secret')), at.folder)
  assert.deepEqual([size, sha256], [6, createHash('sha256').update('secret').digest('hex')])
  assert.equal(statSync(path).mode & 0o777, 0o600)
  await at.store.put('a/b/c', { path, sha256, size })
  assert.equal(statSync(join(at.home, 'files/a/b/c')).mode & 0o777, 0o600)
  for (const folder of ['files', 'files/a', 'files/a/b', 'spool'])
    assert.equal(statSync(join(at.home, folder)).mode & 0o777, 0o700, folder)
  assert.deepEqual(leftIn(at.folder), [])
})

test('what breaks off while it is spooled leaves nothing: the sender, the limit, the signal', async () => {
  await using at = folderStore()
  const broken = async function* (): AsyncGenerator<Buffer> {
    yield* inChunks(Buffer.alloc(200_000))
    throw new Error('the client is gone')
  }
  await assert.rejects(spool(broken(), at.folder), /the client is gone/)
  await assert.rejects(spool(inChunks(Buffer.alloc(1001)), at.folder, { limit: 1000 }), refused('blobs.too_large'))
  const ending = new AbortController()
  const silent = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.alloc(10)
    ending.abort()
    await new Promise<void>(() => undefined)
  }
  await assert.rejects(spool(silent(), at.folder, { signal: ending.signal }), { name: 'AbortError' })
  await assert.rejects(spool(silent(), at.folder, { signal: ending.signal }), { name: 'AbortError' })
  assert.deepEqual(leftIn(at.folder), [])
  const file = await spool(inChunks(Buffer.alloc(1000)), at.folder, { limit: 1000 })
  assert.equal(leftIn(at.folder).length, 1)
  await file.remove()
  await file.remove()
  assert.deepEqual(leftIn(at.folder), [])
})

test('a disk that takes no more is unavailable, and nothing half stays on it', async () => {
  await using at = folderStore()
  const script = `
    const { spool } = await import(new URL('./spool.ts', ${JSON.stringify(import.meta.url)}))
    const made = async function* () { for (;;) yield Buffer.alloc(65536) }
    await spool(made(), ${JSON.stringify(at.folder)}).catch((error) => console.log(error.code, error.cause?.code))`
  // The system refuses to write beyond this size, as it does where the disk is full.
  const { stdout } = await run('sh', [
    '-c',
    'ulimit -f 2048; exec "$0" "$@"',
    process.execPath,
    '--input-type=module',
    '-e',
    script,
  ])
  assert.equal(stdout.trim(), 'blobs.unavailable EFBIG')
  assert.deepEqual(leftIn(at.folder), [])
})

test('where the folder cannot be made or written, every call is refused as unavailable and the spool stays', async () => {
  await using at = folderStore()
  const file = await spool(inChunks(Buffer.from('x')), at.folder)
  writeFileSync(join(at.home, 'files'), 'not a folder')
  await assert.rejects(at.store.put('a/b', file), refused('blobs.unavailable'))
  await assert.rejects(at.store.open('a/b'), refused('blobs.unavailable'))
  await assert.rejects(at.store.check())
  await assert.rejects(spool(inChunks(Buffer.from('x')), join(at.home, 'files/in')), refused('blobs.unavailable'))
  assert.ok(existsSync(file.path))
  rmSync(join(at.home, 'files'))
  await at.store.put('a/b', file)
})

test('a check leaves nothing, and no list shows what begins with a dot', async () => {
  await using at = folderStore()
  await at.store.check()
  assert.deepEqual(readdirSync(join(at.home, 'files')), [])
  writeFileSync(join(at.home, 'files/.other'), '')
  for await (const one of at.store.list('')) assert.fail(one.key)
})

test('the sweep of a spool takes what is old, ours and nothing else', async () => {
  await using at = folderStore()
  assert.equal(await sweepSpool(at.folder, new Date()), 0)
  const [old, young] = [
    await spool(inChunks(Buffer.from('a')), at.folder),
    await spool(inChunks(Buffer.from('b')), at.folder),
  ]
  writeFileSync(join(at.folder, 'other'), '')
  for (const path of [old.path, join(at.folder, 'other')]) utimesSync(path, new Date(0), new Date(0))
  assert.equal(await sweepSpool(at.folder, new Date(1000)), 1)
  assert.deepEqual(leftIn(at.folder).toSorted(), [young.path.split('/').at(-1)!, 'other'].toSorted())
})
