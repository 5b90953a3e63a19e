import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Registry } from 'prom-client'
import { ownDatabase } from '../database/database.fixture.ts'
import { measure } from '../telemetry/metrics.ts'
import { healthRoutes, rememberedFor, type Health } from './health.ts'
import { ownServer } from './http.fixture.ts'

type Checks = Health['checks']
const up = (): Promise<void> => Promise.resolve()
const down = (): Promise<void> => Promise.reject(new Error('postgres://user:hunter2@db'))
const server = (checks: Checks, draining = () => false) =>
  ownServer({ routes: (app) => healthRoutes(app, { version: '1.2.3', registry: new Registry(), draining, checks }) })

const told = async (checks: Checks, draining?: () => boolean, url = '/health') => {
  await using app = await server(checks, draining)
  const answer = await app.http.inject(url)
  assert.doesNotMatch(answer.body, /hunter2/)
  return {
    code: answer.statusCode,
    ...answer.json<{
      status: string
      checks: Record<string, { status: string; latency_ms: number }>
      version: string
      timestamp: string
    }>(),
  }
}

test('healthy: every part is up, with its latency, the version and the time', async () => {
  const { code, status, checks, version, timestamp } = await told({
    database: { essential: true, check: up },
    mail: { essential: false, check: up },
  })
  assert.deepEqual([code, status, version], [200, 'healthy', '1.2.3'])
  assert.deepEqual(Object.keys(checks), ['database', 'mail'])
  assert.ok(checks['database']!.latency_ms >= 0)
  assert.match(timestamp, /^\d{4}-\d\d-\d\dT.*Z$/)
})

test('degraded: what is not essential is down, and the service is still sent to', async () => {
  const { code, status, checks } = await told({
    database: { essential: true, check: up },
    mail: { essential: false, check: down },
  })
  assert.deepEqual([code, status, checks['mail']!.status], [200, 'degraded', 'down'])
})

test('what is asked of others is asked once for many, and again after its time', async () => {
  let asked = 0
  const check = (): Promise<void> => (asked++ === 0 ? down() : up())
  const [long, short] = [rememberedFor(60_000, check), rememberedFor(0, check)]
  const store = { files: { essential: false, check: long } }
  for (let again = 0; again < 3; again++) assert.equal((await told(store)).status, 'degraded')
  assert.equal(asked, 1)
  for (let again = 0; again < 3; again++) {
    await short()
    const until = performance.now()
    while (performance.now() <= until) await Promise.resolve()
  }
  assert.equal(asked, 4)
})

test('unhealthy: the database is down, or hangs longer than two seconds', async () => {
  const { code, status } = await told({ database: { essential: true, check: down } })
  assert.deepEqual([code, status], [503, 'unhealthy'])
  const hanging = await told({
    database: { essential: true, check: () => new Promise(() => undefined) },
    mail: { essential: false, check: () => new Promise(() => undefined) },
  })
  assert.deepEqual([hanging.code, hanging.status], [503, 'unhealthy'])
  assert.ok(hanging.checks['database']!.latency_ms < 2500)
})

test('going down is unhealthy for who asks whether to send, though the process lives', async () => {
  const checks = { database: { essential: true, check: up } }
  for (const url of ['/health', '/health/ready']) assert.equal((await told(checks, () => true, url)).code, 503)
  await using app = await server(checks, () => true)
  const live = await app.http.inject('/health/live')
  assert.deepEqual([live.statusCode, live.json()], [200, { status: 'alive' }])
})

test('a database that really is away makes it unhealthy, and back again', async () => {
  const database = await ownDatabase({ size: 1, through: (url) => void (url.port = '1') })
  const check = async (): Promise<void> => void (await database.pool.pg.query('select 1'))
  assert.equal((await told({ database: { essential: true, check } })).status, 'unhealthy')
  await database.close()
  await using back = await ownDatabase({ size: 1 })
  assert.equal(
    (await told({ database: { essential: true, check: async () => void (await back.pool.pg.query('select 1')) } }))
      .status,
    'healthy',
  )
})

test('/metrics: counts by route and status, never by address, tenant or query', async () => {
  await using database = await ownDatabase()
  await using app = await ownServer({
    routes: (http) => {
      const registry = measure(http, database.pool)
      healthRoutes(http, { version: '1', registry, draining: () => false, checks: {} })
      http.get('/api/v1/things/:id', { config: { permission: 'public' }, schema: { operationId: 'get' } }, () => ({}))
    },
  })
  for (let i = 0; i < 3; i += 1) await app.http.inject(`/api/v1/things/abc${i}?token=hunter2`)
  await app.http.inject('/wp-login.php')
  const { body, headers } = await app.http.inject('/metrics')
  assert.match(String(headers['content-type']), /^text\/plain; version=0\.0\.4/)
  assert.match(
    body,
    /http_request_duration_seconds_count\{method="GET",route="\/api\/v1\/things\/:id",status="200"\} 3/,
  )
  assert.match(body, /route="none",status="404"\} 1/)
  assert.match(body, /database_pool_connections\{state="idle"\}/)
  assert.match(body, /process_resident_memory_bytes/)
  assert.doesNotMatch(body, /abc1|hunter2|wp-login/)
})
