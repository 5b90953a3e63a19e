import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import Fastify from 'fastify'
import { newTenant, testApp } from '../../test/harness.ts'
import type { Config } from '../../config.ts'
import { bearer, ownServer, type OwnServer } from './http.fixture.ts'
import { limitRates } from './rate-limits.ts'

const on = {
  RATE_LIMIT: 'on',
  RATE_LIMIT_PER_MINUTE: 3,
  RATE_LIMIT_PER_HOUR: 1000,
  RATE_LIMIT_READS_PER_MINUTE: 5,
  RATE_LIMIT_UPLOADS_PER_MINUTE: 2,
} as const
const server = (changes: Partial<Config> = {}): Promise<OwnServer> =>
  ownServer({
    changes: { ...on, ...changes },
    routes: (app) => {
      const config = { permission: 'signed_in' }
      app.get('/api/v1/things', { config, schema: { operationId: 'list' } }, () => ({}))
      app.post('/api/v1/things', { config, schema: { operationId: 'make' } }, () => ({}))
      app.post(
        '/api/v1/files',
        { config: { ...config, limits: 'upload' }, schema: { operationId: 'upload' } },
        () => ({}),
      )
      app.get(
        '/api/v1/free',
        { config: { permission: 'public', limits: 'none' }, schema: { operationId: 'free' } },
        () => ({}),
      )
    },
  })
type Call = { method?: 'GET' | 'POST'; url: string; headers?: Record<string, string>; remoteAddress?: string }
const statuses = async ({ http }: OwnServer, times: number, call: Call): Promise<number[]> => {
  const all: number[] = []
  for (let i = 0; i < times; i += 1) all.push((await http.inject(call)).statusCode)
  return all
}

test('a user’s calls are counted by class, announced, and refused with Retry-After when too many', async () => {
  await using app = await server()
  const { admin } = await newTenant()
  const headers = bearer(admin)
  const first = await app.http.inject({ url: '/api/v1/things', headers })
  assert.equal(first.headers['ratelimit-policy'], '"read";q=5;w=60')
  assert.match(String(first.headers['ratelimit']), /^"read";r=4;t=\d+$/)
  assert.deepEqual(await statuses(app, 4, { url: '/api/v1/things', headers }), [200, 200, 200, 200])
  const refused = await app.http.inject({ url: '/api/v1/things', headers })
  const { error } = refused.json<{ error: { code: string; type: string } }>()
  assert.deepEqual([refused.statusCode, error.code, error.type], [429, 'request.too_many', 'RateLimited'])
  assert.ok(Number(refused.headers['retry-after']) >= 1 && Number(refused.headers['retry-after']) <= 60)
  assert.match(String(refused.headers['ratelimit']), /^"read";r=0;t=\d+$/)
  assert.deepEqual(await statuses(app, 4, { method: 'POST', url: '/api/v1/things', headers }), [200, 200, 200, 429])
  assert.deepEqual(await statuses(app, 3, { method: 'POST', url: '/api/v1/files', headers }), [200, 200, 429])
})

test('a user’s limit is not another’s', async () => {
  await using app = await server()
  const tenant = await newTenant()
  const other = await tenant.user('Viewer')
  await statuses(app, 6, { url: '/api/v1/things', headers: bearer(tenant.admin) })
  assert.deepEqual(await statuses(app, 1, { url: '/api/v1/things', headers: bearer(other) }), [200])
})

test('calls without sign-in are counted by address', async () => {
  await using app = await server()
  const url = '/api/v1/public'
  assert.deepEqual(await statuses(app, 4, { url, remoteAddress: '192.0.2.1' }), [200, 200, 200, 429])
  assert.deepEqual(await statuses(app, 1, { url, remoteAddress: '192.0.2.2' }), [200])
})

test('guessing tokens is counted like any call without sign-in, and so is asking for what is not there', async () => {
  await using app = await server()
  const headers = { authorization: 'Bearer nonsense' }
  assert.deepEqual(
    await statuses(app, 4, { url: '/api/v1/things', headers, remoteAddress: '192.0.2.3' }),
    [401, 401, 401, 429],
  )
  assert.deepEqual(await statuses(app, 4, { url: '/api/v1/things', remoteAddress: '192.0.2.4' }), [401, 401, 401, 429])
  assert.deepEqual(await statuses(app, 4, { url: '/wp-login.php', remoteAddress: '192.0.2.5' }), [404, 404, 404, 429])
})

test('a tenant’s users share the limit of its tier', async () => {
  await using app = await server({ RATE_LIMIT_READS_PER_MINUTE: 10_000 })
  const tenant = await newTenant()
  const [a, b] = [bearer(tenant.admin, 'free'), bearer(await tenant.user('Viewer'), 'free')]
  const first = await statuses(app, 600, { url: '/api/v1/things', headers: a })
  assert.ok(first.every((status) => status === 200))
  assert.deepEqual(await statuses(app, 1, { url: '/api/v1/things', headers: b }), [429])
  assert.deepEqual(
    await statuses(app, 1, { url: '/api/v1/things', headers: bearer((await newTenant()).admin, 'free') }),
    [200],
  )
})

test('what a user is refused for takes nothing from the tenant’s limit', async () => {
  await using app = await server({ RATE_LIMIT_READS_PER_MINUTE: 5 })
  const tenant = await newTenant()
  const [a, b] = [bearer(tenant.admin, 'free'), bearer(await tenant.user('Viewer'), 'free')]
  await statuses(app, 610, { url: '/api/v1/things', headers: a })
  assert.deepEqual(await statuses(app, 1, { url: '/api/v1/things', headers: b }), [200])
})

test('an IPv6 network counts as one address: whoever has one has 2^64', async () => {
  await using app = await server()
  const all: number[] = []
  for (const host of [':1', ':2', ':ffff:1', 'a:b:c:d'])
    all.push(...(await statuses(app, 1, { url: '/api/v1/public', remoteAddress: `2001:db8:0:7:${host}` })))
  assert.deepEqual(all, [200, 200, 200, 429])
  assert.deepEqual(await statuses(app, 1, { url: '/api/v1/public', remoteAddress: '2001:db8:0:8::1' }), [200])
})

test('an hour of writes from one address has a limit over all users', async () => {
  await using app = await server({ RATE_LIMIT_PER_HOUR: 4 })
  const users = [(await newTenant()).admin, (await newTenant()).admin]
  const call = (i: number): Call => ({
    method: 'POST',
    url: '/api/v1/things',
    headers: bearer(users[i % 2]!),
    remoteAddress: '192.0.2.6',
  })
  const all: number[] = []
  for (let i = 0; i < 5; i += 1) all.push(...(await statuses(app, 1, call(i))))
  assert.deepEqual(all, [200, 200, 200, 200, 429])
})

test('what is free is not counted, and an address behind a trusted proxy is its own', async () => {
  await using app = await server({ TRUST_PROXY: '127.0.0.1' })
  const free = await app.http.inject('/api/v1/free')
  assert.equal(free.headers['ratelimit'], undefined)
  const from = (ip: string): Call => ({ url: '/api/v1/public', headers: { 'x-forwarded-for': ip } })
  assert.deepEqual(await statuses(app, 4, from('198.51.100.1')), [200, 200, 200, 429])
  assert.deepEqual(await statuses(app, 1, from('198.51.100.2')), [200])
})

test('an address that nobody vouches for is not believed', async () => {
  await using app = await server()
  const all: number[] = []
  for (let i = 0; i < 4; i += 1)
    all.push(
      (await app.http.inject({ url: '/api/v1/public', headers: { 'x-forwarded-for': `198.51.100.${i}` } })).statusCode,
    )
  assert.deepEqual(all, [200, 200, 200, 429])
})

test('a store that fails lets calls through', async () => {
  const { config } = (await testApp()).deps
  const app = Fastify()
  app.decorateRequest('caller', null)
  limitRates(app, { ...config, ...on }, (name, points, duration) => {
    const limiter = new RateLimiterMemory({ keyPrefix: name, points, duration })
    limiter.consume = () => Promise.reject(new Error('the store is away'))
    return limiter
  })
  app.get('/x', () => ({}))
  for (let i = 0; i < 6; i += 1) assert.equal((await app.inject('/x')).statusCode, 200)
  await app.close()
})

test('sign-in tries are spent by the route itself, per account and address', async () => {
  const { config } = (await testApp()).deps
  const app = Fastify()
  app.decorateRequest('caller', null)
  const limits = limitRates(app, { ...config, ...on, RATE_LIMIT_PER_MINUTE: 100, RATE_LIMIT_SIGN_IN_PER_MINUTE: 2 })
  app.get<{ Params: { account: string } }>('/try/:account', async (request, reply) => {
    await limits.spend('sign_in', `${request.params.account}:${request.ip}`, reply)
    return {}
  })
  const codes: number[] = []
  for (const account of ['a', 'a', 'a', 'b']) codes.push((await app.inject(`/try/${account}`)).statusCode)
  assert.deepEqual(
    codes.map((code) => code === 200),
    [true, true, false, true],
  )
  await app.close()
})
