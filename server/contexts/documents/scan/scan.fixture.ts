/** A stand-in for clamd that speaks its protocol over a socket, for what the real one will not do; and single attempts of the scan's job. */
import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { contentKey, quarantineKey } from '#platform/blob/blob-store.ts'
import { spool, spoolFolder } from '#platform/blob/spool.ts'
import { newId } from '#platform/new-id.ts'
import { appWith, request, testApp, type TestTenant, type TestUser } from '#test/harness.ts'
import type { Config } from '#config'
import { uploadDocument } from '../library/upload.fixture.ts'
import type { Document } from '../schemas.ts'
import { scanOrder } from './orders.ts'
import { runScan, type ScanDeps } from './run-scan.ts'

export type StandIn = { readonly url: string; readonly seen: Buffer[]; readonly close: () => Promise<void> }

/** What came, once it is whole. */
function unwrapped(received: Buffer): Buffer | null {
  const chunks: Buffer[] = []
  for (let at = 'zINSTREAM\0'.length; at + 4 <= received.length;) {
    const length = received.readUInt32BE(at)
    if (length === 0) return Buffer.concat(chunks)
    chunks.push(received.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return null
}

/** `answer` says what the scanner says to a whole content; null: nothing at all, for ever. */
export async function standIn(answer: (content: Buffer) => string | null): Promise<StandIn> {
  const [open, seen] = [new Set<Socket>(), [] as Buffer[]]
  const server = createServer((socket) => {
    open.add(socket.on('error', () => undefined).on('close', () => open.delete(socket)))
    let received = Buffer.alloc(0)
    socket.on('data', (data) => {
      received = Buffer.concat([received, data])
      if (received.toString('latin1').startsWith('zPING')) socket.end('PONG\0')
      const content = unwrapped(received)
      if (content === null) return
      seen.push(content)
      const said = answer(content)
      if (said !== null) socket.end(`${said}\0`)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `tcp://127.0.0.1:${(server.address() as { port: number }).port}`,
    seen,
    close: async () => {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Finds its own virus in whatever holds the word. */
export const virusFinder = (): Promise<StandIn> =>
  standIn((content) => (content.includes('VIRUS') ? 'stream: Test.Virus-1 FOUND' : 'stream: OK'))

/** The parts that a scan needs, with other settings. */
export async function scanDeps(changes: Partial<Config>): Promise<ScanDeps> {
  const { deps } = await testApp()
  return { ...deps, config: { ...deps.config, ...changes } }
}

/** One attempt of the job, as a worker would make it. */
export async function attemptScan(
  { id: tenantId }: TestTenant,
  sha256: string,
  { attempt = 1, ...changes }: Partial<Config> & { attempt?: number } = {},
): Promise<void> {
  const running = { id: newId(), tenantId, attempt, enqueuedBy: null, signal: AbortSignal.timeout(60_000) }
  await runScan(await scanDeps(changes), { sha256 }, running)
}

export const LAST = scanOrder.limits.attempts

/** Asks for a scan where one is set up. */
export async function askAnew(
  { admin: { token } }: TestTenant,
  { id }: Document,
  scanner: Partial<Config>,
): Promise<[number, string]> {
  const app = await appWith(scanner)
  try {
    const { status, body } = await request('POST', `/api/v1/documents/${id}/scan`, { token, app })
    return [status, body.status]
  } finally {
    await app.close()
  }
}

let made = 0
export const unique = (text: string): string => `${text} ${process.pid}-${(made += 1)}`
export const upload = (user: TestUser, text: string): Promise<Document> =>
  uploadDocument(user, { name: 'letter.txt', bytes: text })
export const stateOf = async ({ admin }: TestTenant, { id }: Document): Promise<[string, string | null]> => {
  const { body } = await admin.call('GET', `/documents/${id}`)
  return [body.status, body.scan]
}
export const contentOf = async ({ admin }: TestTenant, { id }: Document, version?: number): Promise<string> => {
  const path = version === undefined ? '' : `/versions/${version}`
  const { status, body, text } = await admin.call('GET', `/documents/${id}${path}/content`)
  return status === 200 ? text : `${status} ${body.error.code}`
}
export const blobs = async () => (await testApp()).deps.blobs
export const put = async (key: string, bytes: Buffer): Promise<void> => {
  const { config } = (await testApp()).deps
  await (await blobs()).put(key, await spool(Readable.from([bytes]), spoolFolder(config)))
}
export const lies = async (
  { id }: TestTenant,
  { sha256 }: Document,
): Promise<{ shelf: boolean; quarantine: boolean }> => {
  const store = await blobs()
  const [shelf, quarantine] = [contentKey(id, sha256), quarantineKey(id, sha256)]
  return { shelf: (await store.stat(shelf)) !== null, quarantine: (await store.stat(quarantine)) !== null }
}
export type Told = { type: string; document: string; data: Record<string, unknown> }
/** What was told of documents, in the order in which it was. */
export const told = async ({ id }: TestTenant, type?: string): Promise<Told[]> => {
  const rows = await (
    await testApp()
  ).deps.installation.custody.run(({ db }) =>
    db
      .selectFrom('control.events')
      .select(['type', 'data'])
      .where('tenant_id', '=', id)
      .where('type', 'in', type ? [type] : ['DocumentAvailable', 'DocumentQuarantined', 'DocumentScanFailed'])
      .orderBy('id')
      .execute(),
  )
  return rows.map((row) => ({ type: row.type, document: row.data.document_id, data: row.data }))
}
export const jobsOf = async ({ id }: TestTenant, kind: string, key: string): Promise<string[]> => {
  const rows = await (
    await testApp()
  ).deps.installation.custody.run(({ db }) =>
    db
      .selectFrom('control.jobs')
      .select('state')
      .where('tenant_id', '=', id)
      .where('kind', '=', kind)
      .where('key', '=', key)
      .execute(),
  )
  return rows.map(({ state }) => state as string)
}
export const setScan = (
  { admin, id }: TestTenant,
  { sha256 }: Document,
  change: Record<string, unknown>,
): Promise<unknown> =>
  admin.write('documents.write', ({ db }) =>
    db.updateTable('files').set(change).where('tenant_id', '=', id).where('sha256', '=', sha256).execute(),
  )
export const rejects = (promise: Promise<unknown>, code: string): Promise<void> =>
  assert.rejects(promise, (error) => (error as { code?: string }).code === code)
