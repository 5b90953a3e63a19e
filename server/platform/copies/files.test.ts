/** Copies with files, between installations with databases and stores of their own. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { contentKey, quarantineKey, type BlobStore } from '../blob/blob-store.ts'
import { inChunks, leftIn } from '../blob/conformance.fixture.ts'
import { blobRefusals } from '../blob/refusals.ts'
import { spool } from '../blob/spool.ts'
import { newId } from '../new-id.ts'
import { Refusal } from '../refusal.ts'
import { elsewhere, everyRow, room, type Elsewhere } from './copies.fixture.ts'
import { intoFile } from './copy-file.ts'
import { sealBody } from './frames.ts'
import { newHeader } from './header.ts'
import { importTenant } from './import-tenant.ts'
import { inhabit, sequence } from './inhabitants.fixture.ts'
import { verifyCopy } from './open-copy.ts'
import { writeRecords, type Written } from './records.ts'
import { restoreBackup } from './restore-backup.ts'
import { inOneWrite, placeOf } from './rows.ts'
import { readMigrations } from '../database/migrate.ts'
import { writeBackup, writeTenant } from './write-copy.ts'

const refused =
  (code: string) =>
  (error: unknown): true => {
    assert.ok(error instanceof Refusal, (error as Error).stack)
    assert.equal(error.code, code)
    return true
  }
const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
type Company = { tenantId: string; schema: string }

/** A row that names a content, and the content in the store. */
async function addFile(at: Elsewhere, { tenantId, schema }: Company, bytes: Buffer, stored = true): Promise<string> {
  const sha256 = hashOf(bytes)
  await inOneWrite(at.installation.custody, (client) =>
    client.query(
      `insert into ${placeOf({ schema, name: 'files' })} (tenant_id, sha256, size, media_type, scan, stored_at)
       values ($1, $2, $3, 'application/pdf', 'clean', now())`,
      [tenantId, sha256, bytes.length],
    ),
  )
  const key = contentKey(tenantId, sha256)
  if (stored) await at.files.blobs.put(key, await spool(inChunks(bytes), at.files.spool))
  return key
}
const inStore = async ({ files: { blobs } }: Elsewhere, key: string): Promise<Buffer | null> =>
  (await blobs.stat(key)) === null ? null : buffer(await blobs.open(key))
async function allKeys({ files: { blobs } }: Elsewhere): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of blobs.list('')) keys.push(key)
  return keys.toSorted()
}
const purge = ({ installation }: Elsewhere, { schema }: Company, key: string) =>
  inOneWrite(installation.custody, (client) =>
    client.query(`update ${placeOf({ schema, name: 'files' })} set purged_at = now() where sha256 = $1`, [
      key.split('/').at(-1),
    ]),
  )

const keysFor = (from: Elsewhere, to: Elsewhere) => ({
  masters: [...new Set([...to.installation.masters, ...from.installation.masters])],
})
async function restoreInto(to: Elsewhere, from: Elsewhere, path: string, blobs = to.files.blobs): Promise<void> {
  const keys = keysFor(from, to)
  const verified = await verifyCopy(path, keys)
  await restoreBackup(to.installation.custody, path, keys, verified, { files: { ...to.files, blobs } })
}
async function importInto(to: Elsewhere, from: Elsewhere, path: string, blobs = to.files.blobs, slug?: string) {
  const keys = keysFor(from, to)
  const verified = await verifyCopy(path, keys)
  return importTenant(to.installation.custody, path, keys, { verified, files: { ...to.files, blobs }, slug })
}
const exportTo = ({ source }: Elsewhere, { tenantId }: Company, path: string) =>
  writeTenant(source, tenantId, intoFile(path))

test('a restore has every file of every company, wherever it was broken off; what was not there when the backup was taken is named', async () => {
  using files = room()
  const path = files.path('one.backup')
  await using from = await elsewhere(true)
  const companies = [await inhabit(from.installation, 'shared'), await inhabit(from.installation, 'schema')] as const
  await sequence(from.installation)
  const contents = [Buffer.from('one'), Buffer.alloc(0), randomBytes(3_000_000)]
  const kept: [string, Buffer][] = []
  for (const company of companies) for (const bytes of contents) kept.push([await addFile(from, company, bytes), bytes])
  const gone = await addFile(from, companies[0], Buffer.from('gone'), false)
  const changed = await addFile(from, companies[1], Buffer.from('as it was'), false)
  await from.files.blobs.put(changed, await spool(inChunks(Buffer.from('another!!')), from.files.spool))
  // Infected: away from where it is served, and scrambled.
  await addFile(from, companies[0], Buffer.from('infected'), false)
  const aside = quarantineKey(companies[0].tenantId, hashOf(Buffer.from('infected')))
  await from.files.blobs.put(aside, await spool(inChunks(Buffer.from('scrambled, and longer')), from.files.spool))
  const purged = await addFile(from, companies[0], Buffer.from('purged'))
  await purge(from, companies[0], purged)
  // Nobody's: no row names it.
  await from.files.blobs.put(
    contentKey(companies[0].tenantId, 'e'.repeat(64)),
    await spool(inChunks(Buffer.from('x')), from.files.spool),
  )

  const { manifest } = await writeBackup(from.source, intoFile(path))
  const { count, bytes, lacking, lacks } = manifest.files!
  assert.deepEqual([count, bytes, lacking], [9, 2 * 3_000_003 + 4 + 9 + 8, 2])
  const named = lacks.map(({ tenant_id, sha256, lack }) => [contentKey(tenant_id, sha256), lack])
  assert.deepEqual(Object.fromEntries(named), { [gone]: 'missing', [changed]: 'changed' })
  assert.deepEqual((await verifyCopy(path, from.source.keys)).manifest, manifest)

  await using to = await elsewhere()
  const put: string[] = []
  const breaking = (after: number): BlobStore => ({
    ...to.files.blobs,
    put: async (key, file) => {
      if (put.length === after) throw new Error('killed')
      await to.files.blobs.put(key, file)
      put.push(key)
    },
  })
  // Killed among the files it goes on, and stores none of them twice.
  for (const after of [0, 2, 5]) await assert.rejects(restoreInto(to, from, path, breaking(after)), /killed/)
  await restoreInto(to, from, path, breaking(Number.POSITIVE_INFINITY))
  assert.equal(put.length, kept.length + 1)
  assert.equal((await inStore(to, aside))?.toString(), 'scrambled, and longer')
  for (const [key, was] of kept) assert.ok((await inStore(to, key))!.equals(was), key)
  assert.deepEqual(await allKeys(to), [...kept.map(([key]) => key), aside].toSorted())
  assert.deepEqual(leftIn(to.files.spool), [])
  for (const { schema } of companies)
    assert.deepEqual(
      (await everyRow(to.installation, schema))['files'],
      (await everyRow(from.installation, schema))['files'],
    )
})

test('a company takes its own files along, there before its rows are; an import that fails leaves what was there', async () => {
  using files = room()
  await using from = await elsewhere(true)
  const companies = [await inhabit(from.installation, 'shared'), await inhabit(from.installation, 'schema')] as const
  await sequence(from.installation)
  const [one, two] = [Buffer.from('one'), randomBytes(500_000)]
  await using to = await elsewhere(true)
  const all: string[] = []
  for (const [at, company] of companies.entries()) {
    const path = files.path(`${at}.export`)
    const keys = [
      await addFile(from, company, one),
      await addFile(from, company, two),
      await addFile(from, company, Buffer.alloc(9)),
    ]
    const { manifest } = await exportTo(from, company, path)
    assert.deepEqual([manifest.files!.count, manifest.files!.lacking], [3, 0])
    // One is there already: it is not stored again, and stays where the import fails.
    await to.files.blobs.put(keys[0]!, await spool(inChunks(one), to.files.spool))
    const seen: [string, number][] = []
    const watching = (failing: boolean): BlobStore => ({
      ...to.files.blobs,
      put: async (key, file) => {
        if (failing && seen.length === 1) throw blobRefusals.refuse('blobs.unavailable')
        await to.files.blobs.put(key, file)
        const { rowCount } = await to.installation.custody.session((client) =>
          client.query('select from control.tenants where id = $1', [company.tenantId]),
        )
        seen.push([key, rowCount ?? -1])
      },
    })
    await assert.rejects(importInto(to, from, path, watching(true)), refused('blobs.unavailable'))
    assert.deepEqual(await allKeys(to), [...all, keys[0]!].toSorted())
    // Somebody else takes it in just now.
    await to.installation.custody.session(async (client) => {
      await client.query(`select pg_advisory_lock(hashtextextended('officina.import ' || $1, 0))`, [company.tenantId])
      await assert.rejects(importInto(to, from, path), refused('copies.busy'))
      await client.query(`select pg_advisory_unlock(hashtextextended('officina.import ' || $1, 0))`, [company.tenantId])
    })
    seen.length = 0
    await importInto(to, from, path, watching(false))
    assert.deepEqual(Object.fromEntries(seen), { [keys[1]!]: 0, [keys[2]!]: 0 })
    all.push(...keys)
    assert.deepEqual(await allKeys(to), all.toSorted())
    assert.ok((await inStore(to, keys[1]!))!.equals(two))
    await assert.rejects(importInto(to, from, path), refused('copies.tenant_exists'))
    assert.deepEqual(await allKeys(to), all.toSorted(), 'an import that is refused takes no file away')
  }
  assert.deepEqual(leftIn(to.files.spool), [])
})

test('a store that breaks off in the middle of a file is asked for the rest; one that stays away ends the backup', async () => {
  using files = room()
  await using from = await elsewhere(true)
  const company = await inhabit(from.installation, 'shared')
  const bytes = randomBytes(2_000_000)
  const key = await addFile(from, company, bytes)
  const asked: (number | null)[] = []
  const cut = (until: number): BlobStore => ({
    ...from.files.blobs,
    open: async (which, range) => {
      asked.push(range?.start ?? null)
      const whole = await from.files.blobs.open(which, range)
      if (asked.length > until) return whole
      async function* some(): AsyncGenerator<Buffer> {
        for await (const chunk of whole) {
          if (until < 10) yield chunk as Buffer
          throw blobRefusals.refuse('blobs.unavailable')
        }
      }
      return Readable.from(some())
    },
  })
  const { manifest } = await writeBackup({ ...from.source, blobs: cut(3) }, intoFile(files.path('one.backup')))
  assert.equal(manifest.files!.lacking, 0)
  assert.deepEqual(asked, [null, 262_144, 524_288, 786_432])
  assert.equal((await verifyCopy(files.path('one.backup'), from.source.keys)).manifest.files!.bytes, bytes.length)
  asked.length = 0
  const away = writeBackup({ ...from.source, blobs: cut(1000) }, intoFile(files.path('none.backup')))
  await assert.rejects(away, refused('blobs.unavailable'))
  assert.deepEqual(asked, [null, null, null, null])
  assert.deepEqual(readdirSync(files.path('')), ['one.backup'])
  assert.ok((await inStore(from, key))!.equals(bytes))

  // A store that has lost them all: every one is counted, the first hundred are named.
  await inOneWrite(from.installation.custody, (client) =>
    client.query(
      `insert into shared.files (tenant_id, sha256, size, media_type, stored_at)
       select $1, lpad(n::text, 64, '0'), n, 'text/plain', now() from generate_series(1, 1100) n`,
      [company.tenantId],
    ),
  )
  const lost = await writeBackup(from.source, intoFile(files.path('lost.backup')))
  const sum = lost.manifest.files!
  assert.deepEqual([sum.count, sum.lacking, sum.lacks.length], [1101, 1100, 100])
  assert.deepEqual((await verifyCopy(files.path('lost.backup'), from.source.keys)).manifest, lost.manifest)
})

const COLUMNS = ['tenant_id', 'sha256', 'size', 'media_type', 'stored_at', 'purged_at']
type Forged = {
  rows?: string
  files?: { tenant_id: string; sha256: string; size: number; bytes: Buffer }[]
  format?: 1
}

/** A file such as somebody makes who has the passphrase and the source code; with `format` 1, as releases before files made it. */
async function forge(
  at: Elsewhere,
  path: string,
  tenantId: string,
  { rows = '', files = [], format }: Forged,
): Promise<void> {
  const { control, tenant } = await readMigrations()
  const migrations = { control: control.map(({ hash }) => hash), tenant: tenant.map(({ hash }) => hash) }
  const about = { kind: 'tenant', created_at: new Date(0).toISOString(), officina: 'x', migrations } as const
  const { bytes, body } = await newHeader(about, at.source.keys)
  if (format !== undefined) bytes[8] = format
  const headerDigest = createHash('sha256').update(bytes).digest()
  const slug = `forged-${tenantId.slice(-6)}`
  const head = ['id', 'slug', 'name', 'schema_name', 'isolation']
  const written: Written = {
    about: {
      tenant: { id: tenantId, slug, name: 'Forged', isolation: 'shared' },
      schemas: [{ name: 'tenant', version: tenant.length }],
    },
    parts: (async function* () {
      const row = Buffer.from(`${tenantId}\t${slug}\tForged\tshared\tshared\n`)
      yield { schema: 'control', name: 'tenants', columns: head, rows: inChunks(row) }
      yield { schema: 'tenant', name: 'files', columns: COLUMNS, rows: inChunks(Buffer.from(rows), 7) }
    })(),
    files: (async function* () {
      for (const one of files) yield { ...one, bytes: inChunks(one.bytes) }
    })(),
    sequences: () => Promise.resolve([]),
  }
  async function* records(): AsyncGenerator<Buffer> {
    for await (const chunk of writeRecords(written, () => undefined))
      // What stood at the end of a copy before there were files.
      yield format === 1 && chunk.includes('"files"')
        ? Buffer.from(JSON.stringify({ ...JSON.parse(chunk.toString()), files: undefined }))
        : chunk
  }
  async function* sized(): AsyncGenerator<Buffer> {
    let before: Buffer | undefined
    for await (const chunk of records()) {
      if (before === undefined && chunk.length === 5) {
        before = chunk
        continue
      }
      if (before !== undefined) before.writeUInt32BE(chunk.length, 1)
      if (before !== undefined) yield before
      before = undefined
      yield chunk
    }
  }
  await intoFile(path)(
    (async function* () {
      yield bytes
      yield* sealBody(sized(), { ...body, headerDigest })
    })(),
  )
}

test('a copy is whole only where rows and files agree; one of before files opens; nobody brings files for others', async () => {
  using files = room()
  await using to = await elsewhere(true)
  const [tenantId, bytes] = [newId(), Buffer.from('content')]
  const one = { tenant_id: tenantId, sha256: hashOf(bytes), size: bytes.length }
  const row = (size = one.size, purged = String.raw`\N`): string =>
    `${tenantId}\t${one.sha256}\t${size}\ttext/plain\t2026-01-01 00:00:00+00\t${purged}\n`
  const { keys } = to.source
  let made = 0
  const attempt = async (what: Forged, who = tenantId): Promise<string> => {
    const path = files.path(`${made++}.export`)
    await forge(to, path, who, what)
    return path
  }
  const damaged: Record<string, Forged> = {
    'a row without its file': { rows: row() },
    'a file without a row': { files: [{ ...one, bytes }] },
    'a file of another size than its row says': { rows: row(8), files: [{ ...one, bytes }] },
    'a file that stands twice': {
      rows: row(),
      files: [
        { ...one, bytes },
        { ...one, bytes },
      ],
    },
    'a file of a row that is purged': { rows: row(7, '2026-01-02 00:00:00+00'), files: [{ ...one, bytes }] },
    'a name that leads elsewhere': { rows: row(), files: [{ ...one, tenant_id: '../../etc', bytes }] },
    'files in a copy of before': { rows: row(), files: [{ ...one, bytes }], format: 1 },
  }
  for (const [what, forged] of Object.entries(damaged))
    await assert.rejects(verifyCopy(await attempt(forged), keys), refused('copies.damaged'), what)
  for (const whole of [{ rows: row(), files: [{ ...one, bytes }] }, { rows: row(7, '2026-01-02 00:00:00+00') }, {}])
    assert.ok(await verifyCopy(await attempt(whole), keys))
  // Other bytes than its name says are none of its bytes: they are told as such, and nobody stores them.
  const lying = await attempt({ rows: row(), files: [{ ...one, bytes: Buffer.from('contend') }] })
  assert.equal((await verifyCopy(lying, keys)).manifest.files!.lacks[0]!.lack, 'changed')
  await importInto(to, to, lying)
  assert.deepEqual(await allKeys(to), [])

  // A release that knew no files.
  const older = await attempt({ format: 1 }, newId())
  assert.equal((await verifyCopy(older, keys)).manifest.files, undefined)
  assert.ok(await importInto(to, to, older))
  // Files of somebody else.
  const victim = newId()
  const theirs = { rows: row().replace(tenantId, victim), files: [{ ...one, tenant_id: victim, bytes }] }
  await assert.rejects(importInto(to, to, await attempt(theirs, newId())), refused('copies.foreign_rows'))
  assert.deepEqual([await allKeys(to), leftIn(to.files.spool)], [[], []])
})
