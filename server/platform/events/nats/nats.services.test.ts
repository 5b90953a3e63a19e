/** Against a real nats-server (`npm run test:services`): TEST_NATS_URL says where. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import net from 'node:net'
import { afterEach, test } from 'node:test'
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { sql } from 'kysely'
import { examineNats } from '../../../../cli/doctor/nats.ts'
import { appWith, newTenant, request, testApp, type TestTenant } from '../../../test/harness.ts'
import { until } from '../../jobs/jobs.fixture.ts'
import { BUS } from './publish-events.ts'

const SERVER = new URL(process.env['TEST_NATS_URL'] ?? 'nats://127.0.0.1:4222')
const opened: (() => Promise<unknown>)[] = []
// One bus at a time leads: that of another test would publish to another stream.
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close()
})

type Stored = { id: string; subject: string; event: { id: string; type: string; sequence: number; tenantid: string } }
type Stream = { name: string; prefix: string; all: (tenant: TestTenant) => Promise<Stored[]> }

/** A stream that no other test has; gone afterwards. */
async function newStream(): Promise<Stream> {
  const name = `T${randomBytes(6).toString('hex')}`
  const prefix = `officina.${name.toLowerCase()}`
  const connection: NatsConnection = await connect({ servers: SERVER.host })
  const manager: JetStreamManager = await jetstreamManager(connection)
  opened.push(async () => {
    await manager.streams.delete(name).catch(() => undefined)
    await connection.close()
  })
  const all = async ({ id }: TestTenant): Promise<Stored[]> => {
    const info = await manager.streams.info(name).catch(() => null)
    const found: Stored[] = []
    for (let seq = 1; seq <= (info?.state.last_seq ?? 0); seq++) {
      const message = await manager.streams.getMessage(name, { seq })
      if (message === null || !message.subject.startsWith(`${prefix}.${id}.`)) continue
      found.push({ id: message.header.get('Nats-Msg-Id'), subject: message.subject, event: message.json() })
    }
    return found
  }
  return { name, prefix, all }
}

const publishing = async ({ name, prefix }: Stream, url = SERVER.href) => {
  const app = await appWith({ NATS_URL: url, NATS_STREAM: name, NATS_SUBJECT_PREFIX: prefix })
  opened.push(() => app.close())
  return app
}

let made = 0
const makePlant = async ({ admin }: TestTenant): Promise<void> => {
  const code = `N-${process.pid}-${(made += 1)}`
  const plant = { name: code, code, type: 'Wind', status: 'In Operation', power_kw: 10 }
  assert.equal((await admin.call('POST', '/plants', plant)).status, 201)
}
const historyOf = async ({ admin }: TestTenant): Promise<{ id: string; sequence: number }[]> =>
  (await admin.call('GET', '/events?limit=200')).body.items

/** All of a company's history, in its order, once each. */
async function agrees(stream: Stream, tenant: TestTenant, count: number): Promise<void> {
  await until(async () => (await stream.all(tenant)).length >= count, 30_000)
  const stored = await stream.all(tenant)
  assert.deepEqual(
    stored.map(({ event }) => event),
    (await historyOf(tenant)).slice(-count),
  )
  assert.ok(stored.every(({ id, event }) => id === event.id))
}

/** A way to the broker that can be cut, and opened again. */
async function gate() {
  const open = new Set<net.Socket>()
  let shut = false
  const server = net.createServer((socket) => {
    if (shut) {
      socket.destroy()
      return
    }
    const beyond = net.connect(Number(SERVER.port || 4222), SERVER.hostname)
    for (const one of [socket, beyond]) {
      open.add(one)
      one.on('error', () => one.destroy())
    }
    socket.on('close', () => beyond.destroy())
    beyond.on('close', () => socket.destroy())
    socket.pipe(beyond).pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  opened.push(async () => void server.close())
  return {
    url: `nats://127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    cut: () => {
      shut = true
      for (const one of open) one.destroy()
    },
    mend: () => (shut = false),
  }
}

test('each event is published under its id and subject, in order; two processes publish none twice', async () => {
  const stream = await newStream()
  const [tenant] = [await newTenant(), await publishing(stream), await publishing(stream)]
  for (let n = 0; n < 5; n++) await makePlant(tenant)
  await agrees(stream, tenant, 5)
  const subjects = new Set((await stream.all(tenant)).map(({ subject }) => subject))
  assert.deepEqual([...subjects], [`${stream.prefix}.${tenant.id}.plants.PlantCreated`])
})

test('while the broker is away nobody waits and health is degraded; afterwards all follows in order', async () => {
  const [stream, way, tenant] = [await newStream(), await gate(), await newTenant()]
  const app = await publishing(stream, way.url)
  await makePlant(tenant)
  await agrees(stream, tenant, 1)
  const health = async () => (await request('GET', '/health', { app })).body
  assert.deepEqual([(await health()).checks.nats.status, (await health()).status], ['up', 'healthy'])
  way.cut()
  const start = Date.now()
  for (let n = 0; n < 12; n++) await makePlant(tenant)
  assert.ok(Date.now() - start < 10_000)
  await until(async () => (await health()).status === 'degraded')
  assert.equal((await request('GET', '/health', { app })).status, 200)
  assert.equal((await stream.all(tenant)).length, 1)
  way.mend()
  await agrees(stream, tenant, 13)
  await until(async () => (await health()).status === 'healthy')
})

test('a broker that is not there at the start keeps nothing from starting, and is found later', async () => {
  const [stream, way, tenant] = [await newStream(), await gate(), await newTenant()]
  way.cut()
  const app = await publishing(stream, way.url)
  await makePlant(tenant)
  assert.equal((await request('GET', '/health', { app })).body.status, 'degraded')
  way.mend()
  await agrees(stream, tenant, 1)
})

test('what was stored and not stepped over is not stored twice, also where the stream has forgotten its ids', async () => {
  const [stream, tenant] = [await newStream(), await newTenant()]
  const first = await publishing(stream)
  for (let n = 0; n < 3; n++) await makePlant(tenant)
  await agrees(stream, tenant, 3)
  await opened.pop()!()
  assert.ok(first)
  // As if the process had ended before the step; the window in which the stream knows duplicates is made to end.
  const connection = await connect({ servers: SERVER.host })
  const manager = await jetstreamManager(connection)
  await manager.streams.update(stream.name, { duplicate_window: 100_000_000 })
  await new Promise((resolve) => setTimeout(resolve, 500))
  const { custody } = (await testApp()).deps.installation
  await custody.run(({ db }) =>
    sql`update control.event_subscribers set revision = revision + 1, position = (
          select min(p.position) - 1 from control.event_positions p where p.tenant_id = ${tenant.id} and p.sequence is not null)
         where name = ${BUS}`.execute(db),
  )
  await publishing(stream)
  await makePlant(tenant)
  await agrees(stream, tenant, 4)
  await connection.close()
})

test('doctor says whether the bus takes events, and what to look at where it does not', async () => {
  const [stream, tenant, way] = [await newStream(), await newTenant(), await gate()]
  const { deps } = await publishing(stream)
  await makePlant(tenant)
  await agrees(stream, tenant, 1)
  assert.match((await examineNats(deps.config))[0]!.message, /has \d+ events/)
  way.cut()
  const [cut] = await examineNats({ ...deps.config, NATS_URL: way.url })
  assert.equal(cut!.status, 'fail')
  const [none] = await examineNats({ ...deps.config, NATS_STREAM: `${stream.name}X` })
  assert.equal(none!.status, 'fail', 'it looks, and makes nothing')
  assert.deepEqual(await examineNats((await testApp()).deps.config), [])
})
