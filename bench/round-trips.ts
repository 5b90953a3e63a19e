/** How often Officina waits for PostgreSQL per request: counted on the wire, on the connections of its application log-in. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Ground } from './ground.ts'
import { settled, startServer, type Load, type Operation } from './processes.ts'

type Counter = { trips: number; url: string; close: () => void }

/** A proxy before PostgreSQL that counts Sync and simple Query, after which a client waits. */
async function countingProxy(target: URL): Promise<Counter> {
  const counter: Counter = { trips: 0, url: '', close: () => server.close() }
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    for (const socket of [client, upstream]) socket.on('error', () => undefined)
    client.pipe(upstream).pipe(client)
    let pending = Buffer.alloc(0)
    let application: boolean | undefined
    client.on('data', (data) => {
      pending = Buffer.concat([pending, data])
      for (;;) {
        // The first message has no type: it says who logs in.
        const header = application === undefined ? 4 : 5
        if (pending.length < header) return
        const length = pending.readInt32BE(header - 4) + header - 4
        if (pending.length < length) return
        if (application === undefined) application = pending.includes('officina_login_app')
        else if (application && 'SQ'.includes(String.fromCharCode(pending[0]!))) counter.trips += 1
        pending = pending.subarray(length)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(target)
  url.port = String((server.address() as AddressInfo).port)
  counter.url = url.toString()
  return counter
}

/** Round trips per request and operation, when one request follows another. */
export async function countTrips(
  load: Load,
  ground: Ground,
  environment: Record<string, string>,
): Promise<Record<Operation, number>> {
  const counter = await countingProxy(new URL(ground.adminUrl))
  const settings = { ...environment, DATABASE_URL: counter.url, OFFICINA_HOME: ground.home }
  const server = await startServer('officina', 'server/main.ts', settings, join(ground.home, 'trips.log'))
  const trips: Record<Operation, number> = { list: 0, get: 0, create: 0 }
  try {
    await settled(server)
    for (const operation of ['list', 'get', 'create'] as const) {
      const round = { port: server.port, operation, connections: 1 }
      await load.run({ ...round, seconds: 1 })
      const before = counter.trips
      const { requests } = await load.run({ ...round, seconds: 2 })
      trips[operation] = (counter.trips - before) / requests
    }
  } finally {
    await server.stop()
    counter.close()
    await ground.sweep()
  }
  return trips
}
