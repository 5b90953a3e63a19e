/** A pool of its own on the database of this run, and a proxy that counts round trips on the way to it. */
import { createServer, connect, type Socket } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { newId } from '../new-id.ts'
import { sql } from 'kysely'
import { testApp } from '../../test/harness.ts'
import { openPool } from './pool.ts'
import { openDatabase, type Database, type EdgeWork } from './work.ts'

type Own = { size?: number; named?: boolean; through?: (url: URL) => void }

export async function ownDatabase({ size = 2, named = true, through }: Own = {}): Promise<Database & AsyncDisposable> {
  const { urls } = (await testApp()).deps.installation
  const url = new URL(urls.app)
  // Named statements are of one connection: these tests go past a PgBouncer, which may know none, as an owner does.
  if (named) url.host = new URL(urls.owner).host
  through?.(url)
  const database = openDatabase(openPool({ connectionString: url.toString(), size, named, onError: () => undefined }))
  return { ...database, [Symbol.asyncDispose]: () => database.close() }
}

export type Counter = { syncs: number; through: (url: URL) => void } & AsyncDisposable

/** Counts the messages after which a client waits: Sync and simple Query. */
export async function countingProxy(): Promise<Counter> {
  const { installation } = (await testApp()).deps
  const target = new URL(installation.urls.owner)
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(Number(target.port || 5432), target.hostname)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
    }
    client.pipe(upstream)
    upstream.pipe(client)
    let pending = Buffer.alloc(0)
    let started = false
    client.on('data', (data: Buffer) => {
      pending = Buffer.concat([pending, data])
      for (;;) {
        const header = started ? 5 : 4
        if (pending.length < header) return
        const length = pending.readInt32BE(header - 4) + header - 4
        if (pending.length < length) return
        if (started && 'SQ'.includes(String.fromCharCode(pending[0]!))) counter.syncs += 1
        started = true
        pending = pending.subarray(length)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const counter: Counter = {
    syncs: 0,
    through: (url) => {
      url.hostname = '127.0.0.1'
      url.port = String(port)
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  return counter
}

/** One plant by plain SQL: these tests are about the database, not about what a plant is. */
export async function addPlant(
  work: EdgeWork,
  more: { id?: string; code?: string; tenant?: string } = {},
): Promise<string> {
  const id = more.id ?? newId()
  await work.db
    .insertInto('plants')
    .values({
      tenant_id: more.tenant ?? work.tenantId,
      id,
      name: 'Test plant',
      code: more.code ?? id,
      type: 'Photovoltaic',
      status: 'In Operation',
      search_text: 'test plant',
    })
    .execute()
  return id
}

export const countPlants = async (work: EdgeWork): Promise<number> => {
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from plants`.execute(work.db)
  return rows[0]!.n
}
