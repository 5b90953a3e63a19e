/** Building a pack: killed in the middle, begun anew, in bounded memory. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { sql } from 'kysely'
import { contentKey, type BlobStore } from '#platform/blob/blob-store.ts'
import { spool, spoolFolder } from '#platform/blob/spool.ts'
import { newId } from '#platform/new-id.ts'
import { newTenant, testApp, type TestTenant } from '#test/harness.ts'
import { chained, documentOf, downloadOf, extract, orderPack, runPackJob, verifyOwn } from './packs.fixture.ts'

const left = async (id: string): Promise<string[]> => {
  const { config } = (await testApp()).deps
  const all = await readdir(join(spoolFolder(config), 'evidence')).catch(() => [])
  return all.filter((name) => name === id)
}

test('killed in the middle, the job runs again, the pack is whole, and nothing is left in the spool', async () => {
  const tenant = await newTenant()
  const { id: documentId } = await documentOf(tenant, { name: 'a.txt', bytes: randomBytes(300_000).toString('hex') })
  const { id } = await orderPack(tenant.admin, { subject: { kind: 'documents', document_ids: [documentId] } })
  await chained(tenant, id)
  // What a process leaves that is killed: half an archive.
  const { config, blobs } = (await testApp()).deps
  const folder = join(spoolFolder(config), 'evidence', id)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, '1-half.spool'), 'half')
  // And one that is stopped while it reads.
  const stop = new AbortController()
  const stopping: BlobStore = {
    ...blobs,
    open: async (...asked) => {
      setImmediate(() => stop.abort(new Error('the worker goes down')))
      return blobs.open(...asked)
    },
  }
  await assert.rejects(runPackJob(tenant, id, { signal: stop.signal }, { blobs: stopping }))
  assert.equal((await tenant.admin.call('GET', `/evidence-packs/${id}`)).body.status, 'building')
  assert.deepEqual(await left(id), [])
  await runPackJob(tenant, id, { attempt: 2 })
  const { body: pack } = await tenant.admin.call('GET', `/evidence-packs/${id}`)
  assert.equal(pack.status, 'ready')
  const { rows } = await tenant.admin.read('documents.read', ({ db }) =>
    sql<{
      scan: string
      media_type: string
    }>`select scan, media_type from files where tenant_id = ${tenant.id} and sha256 = ${pack.sha256}`.execute(db),
  )
  assert.deepEqual(rows, [{ scan: 'clean', media_type: 'application/zip' }])
  assert.equal(
    (await verifyOwn((await extract((await downloadOf(tenant.admin, id)).rawPayload)).folder, 'verify.mjs')).code,
    0,
  )
  assert.deepEqual(await left(id), [])
  // The scanner looks at archives too, later and with other signatures.
  const scanned = (scan: string) =>
    tenant.admin.write('documents.write', ({ db }) =>
      sql`update files set scan = ${scan} where tenant_id = ${tenant.id} and sha256 = ${pack.sha256}`.execute(db),
    )
  await scanned('infected')
  assert.equal((await downloadOf(tenant.admin, id)).json().error.code, 'evidence.quarantined')
  await scanned('clean')
  // Delivered once more it does nothing.
  await runPackJob(tenant, id, { attempt: 3 })
  assert.deepEqual((await tenant.admin.call('GET', `/evidence-packs/${id}`)).body, pack)
})

/** A document of so many megabytes, without its way through an upload: its bytes in the store, its rows beside. */
async function insertLarge(tenant: TestTenant, megabytes: number): Promise<string> {
  const { blobs, config } = (await testApp()).deps
  const block = randomBytes(1024 * 1024)
  const file = await spool(
    (async function* () {
      for (let at = 0; at < megabytes; at += 1) yield block
    })(),
    spoolFolder(config),
  )
  await blobs.put(contentKey(tenant.id, file.sha256), file)
  const id = newId()
  await tenant.admin.write('documents.write', async ({ db }) => {
    await sql`insert into files (tenant_id, sha256, size, media_type, scan, stored_at)
      values (${tenant.id}, ${file.sha256}, ${file.size}, 'application/pdf', 'clean', now())`.execute(db)
    await sql`insert into documents (tenant_id, id, name, source, version, sha256, type, media_type, size, search_text, created_at, updated_at)
      values (${tenant.id}, ${id}, 'grande.pdf', 'uploaded', 1, ${file.sha256}, 'pdf', 'application/pdf', ${file.size}, 'grande', now(), now())`.execute(
      db,
    )
    await sql`insert into document_versions (tenant_id, document_id, version, sha256, file_name, type, media_type, size, created_at)
      values (${tenant.id}, ${id}, 1, ${file.sha256}, 'grande.pdf', 'pdf', 'application/pdf', ${file.size}, now())`.execute(
      db,
    )
  })
  return id
}

test('a pack of 100 megabytes is built in a memory that does not grow with it', async () => {
  const tenant = await newTenant()
  const ids = [await insertLarge(tenant, 50), await insertLarge(tenant, 50)]
  const { id } = await orderPack(tenant.admin, { subject: { kind: 'documents', document_ids: ids } })
  await chained(tenant, id)
  // What is in use, without what only waits to be collected.
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const inUse = (): number => {
    collect()
    const { arrayBuffers, heapUsed } = process.memoryUsage()
    return arrayBuffers + heapUsed
  }
  const before = inUse()
  let [most, looks, read] = [0, 0, 0]
  const { blobs } = (await testApp()).deps
  /** Looks after every 25 megabytes that are read. */
  async function* watched(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const quarter = (): number => Math.floor(read / 25 / 1024 / 1024)
    for await (const chunk of bytes) {
      const seen = quarter()
      read += chunk.length
      if (quarter() > seen) [looks, most] = [looks + 1, Math.max(most, inUse() - before)]
      yield chunk
    }
  }
  const watching: BlobStore = {
    ...blobs,
    open: async (...asked) => Readable.from(watched(await blobs.open(...asked)), { objectMode: false }),
  }
  await runPackJob(tenant, id, {}, { blobs: watching })
  assert.ok(looks >= 4, 'it was looked at while it was built')
  const { body: pack } = await tenant.admin.call('GET', `/evidence-packs/${id}`)
  assert.ok(pack.status === 'ready' && pack.size > 100 * 1024 * 1024)
  assert.ok(most < 30 * 1024 * 1024, `${Math.round(most / 1024 / 1024)} MiB more`)
  const hash = createHash('sha256')
  for await (const chunk of await blobs.open(contentKey(tenant.id, pack.sha256))) hash.update(chunk as Buffer)
  assert.equal(hash.digest('hex'), pack.sha256)
  await blobs.remove(contentKey(tenant.id, pack.sha256))
})
