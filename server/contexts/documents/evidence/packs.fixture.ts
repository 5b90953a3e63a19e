/** Packs of tests: made over HTTP, built as a worker builds them, extracted, and checked by the programs that are in them. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { sql } from 'kysely'
import yauzl from 'yauzl'
import { sequenceEvents } from '#platform/events/sequencer.ts'
import type { RunningJob } from '#platform/jobs/job-kind.ts'
import { newId } from '#platform/new-id.ts'
import { testApp, type TestTenant, type TestUser } from '#test/harness.ts'
import { jobsOf, type Deps } from '../../../app.ts'
import { uploadDocument } from '../library/upload.fixture.ts'
import type { Document } from '../schemas.ts'
import type { EvidencePack } from './schemas.ts'

/** A document whose content was found clean: what the scanner finds, it writes here. */
export async function documentOf(
  { id, admin }: TestTenant,
  given: Readonly<Record<string, unknown>> & { bytes?: Buffer | string },
  scan = 'clean',
): Promise<Document> {
  const document = await uploadDocument(admin, given)
  await admin.write('documents.write', ({ db }) =>
    sql`update files set scan = ${scan}, scan_detail = null where tenant_id = ${id} and sha256 = ${document.sha256}`.execute(
      db,
    ),
  )
  return document
}

export async function orderPack(user: TestUser, body: object): Promise<EvidencePack> {
  const { status, body: pack, text } = await user.call('POST', '/evidence-packs', { language: 'it', ...body })
  assert.equal(status, 202, text)
  return pack as EvidencePack
}

/** The handler of the job, as a worker calls it; with another store where a test says so. */
export async function runPackJob(
  tenant: TestTenant,
  packId: string,
  more: Partial<RunningJob> = {},
  changes: Partial<Deps> = {},
): Promise<void> {
  const app = await testApp()
  const kind = jobsOf({ ...app.deps, ...changes }).find((one) => one.kind.name === 'documents.build_evidence')!
  assert.ok('reach' in kind.handler)
  const running: RunningJob = {
    ...{ id: newId(), tenantId: tenant.id, attempt: 1, enqueuedBy: null, signal: new AbortController().signal },
    ...more,
  }
  await kind.handler.reach({ pack_id: packId }, running)
}

/** Until the order's entry is in the chain: whatever other tests have open holds the sequencer up for a while. */
export async function chained(tenant: TestTenant, packId: string): Promise<void> {
  const { installation } = (await testApp()).deps
  for (const end = Date.now() + 20_000; ; await sleep(50)) {
    await sequenceEvents(installation.custody)
    const { rows } = await tenant.admin.read('audit.read', ({ db, tenantId }) =>
      sql`select 1 from audit a join control.audit_chain c on c.tenant_id = ${tenantId} and c.audit_id = a.id
           where a.tenant_id = ${tenantId} and a.resource_id = ${packId} and a.action = 'evidence.requested'`.execute(
        db,
      ),
    )
    if (rows.length > 0) return
    assert.ok(Date.now() < end, 'the trail is chained')
  }
}

export async function builtPack(tenant: TestTenant, user: TestUser, body: object): Promise<EvidencePack> {
  const { id } = await orderPack(user, body)
  await chained(tenant, id)
  await runPackJob(tenant, id)
  const { body: pack } = await user.call('GET', `/evidence-packs/${id}`)
  assert.equal(pack.status, 'ready', JSON.stringify(pack))
  return pack as EvidencePack
}

export async function downloadOf(user: TestUser, id: string, headers: Record<string, string> = {}) {
  const { http } = await testApp()
  return http.inject({
    ...{ method: 'GET', url: `/api/v1/evidence-packs/${id}/content` },
    headers: { authorization: `Bearer ${user.token}`, ...headers },
  })
}

/** Extracts an archive below a new folder, and answers with it and the names, in the archive's order. */
export async function extract(bytes: Buffer): Promise<{ folder: string; names: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'pack-'))
  const zip = await new Promise<yauzl.ZipFile>((resolve, reject) => {
    yauzl.fromBuffer(bytes, { lazyEntries: true, strictFileNames: true }, (error, opened) =>
      error ? reject(error) : resolve(opened),
    )
  })
  const names: string[] = []
  const open = promisify(zip.openReadStream.bind(zip)) as (entry: yauzl.Entry) => Promise<NodeJS.ReadableStream>
  await new Promise<void>((resolve, reject) => {
    zip.on('entry', (entry: yauzl.Entry) => {
      const path = join(folder, entry.fileName)
      const write = async (): Promise<void> => {
        names.push(entry.fileName)
        await mkdir(dirname(path), { recursive: true })
        await pipeline(await open(entry), createWriteStream(path))
        zip.readEntry()
      }
      write().catch(reject)
    })
    zip.on('end', resolve).on('error', reject)
    zip.readEntry()
  })
  return { folder, names }
}

export type Verdict = { code: number; output: string }
const runProgram = (program: string, args: string[]): Promise<Verdict> =>
  new Promise((resolve, reject) => {
    execFile(program, args, { timeout: 60_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code
      if (code === 'ENOENT')
        reject(new Error(`${program} is needed to run this test: install it (apt-get install ${program})`))
      else resolve({ code: typeof code === 'number' ? code : -1, output: stdout + stderr })
    })
  })

/** The verifiers of this working tree, on a folder: what a flipped byte does to the program itself is not what is asked. */
const programOf = (name: string): string => join(import.meta.dirname, 'verifier', name)
export const verifyByNode = (folder: string, ...args: string[]): Promise<Verdict> =>
  runProgram(process.execPath, [programOf('verify.mjs'), folder, ...args])
export const verifyByPython = (folder: string, ...args: string[]): Promise<Verdict> =>
  runProgram('python3', ['-I', programOf('verify.py'), folder, ...args])
/** The programs that lie in the pack, as its receiver runs them. */
export const verifyOwn = (folder: string, name: 'verify.mjs' | 'verify.py'): Promise<Verdict> =>
  name === 'verify.mjs'
    ? runProgram(process.execPath, [join(folder, name)])
    : runProgram('python3', ['-I', '-B', join(folder, name)])

export const replaceFile = (folder: string, name: string, bytes: Buffer | string): Promise<void> =>
  writeFile(join(folder, name), bytes)
