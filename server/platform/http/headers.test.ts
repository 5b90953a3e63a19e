import assert from 'node:assert/strict'
import { gunzipSync } from 'node:zlib'
import { test } from 'node:test'
import { ownServer, type OwnServer } from './http.fixture.ts'

const server = (origins: string[] = []): Promise<OwnServer> =>
  ownServer({
    changes: { corsOrigins: origins },
    routes: (app) => {
      const config = { permission: 'public' }
      app.post('/api/v1/things', { config, schema: { operationId: 'make' } }, () => ({}))
      app.get('/api/v1/long', { config, schema: { operationId: 'long' } }, () => ({ text: 'officina '.repeat(1000) }))
      app.get('/api/v1/kept', { config, schema: { operationId: 'kept' } }, (_request, reply) =>
        reply.header('cache-control', 'public, max-age=60').send({}),
      )
    },
  })
const ORIGIN = 'https://console.example'

test('every answer, also a refusal, carries the security headers and none that names the software', async () => {
  await using app = await server()
  for (const url of ['/api/v1/public', '/nothing', '/%zz']) {
    const { headers } = await app.http.inject(url)
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['cache-control'], 'no-store')
    for (const name of ['x-powered-by', 'server']) assert.equal(headers[name], undefined)
  }
  for (const url of ['/api/v1/public', '/nothing']) {
    const { headers } = await app.http.inject(url)
    assert.equal(headers['x-frame-options'], 'DENY')
    assert.equal(headers['referrer-policy'], 'no-referrer')
    assert.match(String(headers['strict-transport-security']), /^max-age=31536000; includeSubDomains/)
    assert.match(String(headers['content-security-policy']), /default-src 'self'.*frame-ancestors 'none'/)
    assert.match(String(headers['cross-origin-opener-policy']), /same-origin/)
    assert.match(String(headers['x-process-time']), /^\d+\.\d{4}$/)
  }
})

test('a route’s own cache-control stands', async () => {
  await using app = await server()
  assert.equal((await app.http.inject('/api/v1/kept')).headers['cache-control'], 'public, max-age=60')
})

test('X-Request-ID is echoed where it is harmless, and made anew where it is not', async () => {
  await using app = await server()
  const id = async (given: string): Promise<unknown> => {
    const { headers } = await app.http.inject({ url: '/api/v1/public', headers: { 'x-request-id': given } })
    return headers['x-request-id']
  }
  for (const fine of ['abc', 'A-1_2.3:4', 'x'.repeat(100)]) assert.equal(await id(fine), fine)
  const seen = new Set<unknown>()
  for (const odd of ['', 'a b', 'x'.repeat(101), '<script>', 'a"b', '${7*7}', 'è', '../..', '{"a":1}']) {
    const made = await id(odd)
    assert.match(String(made), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/, odd)
    seen.add(made)
  }
  assert.equal(seen.size, 9)
})

const preflight = (http: OwnServer['http'], origin: string) =>
  http.inject({
    method: 'OPTIONS',
    url: '/api/v1/things',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,idempotency-key',
    },
  })

test('an allowed origin may ask, with credentials, for the methods and headers that the API has', async () => {
  await using app = await server([ORIGIN, 'http://localhost:5173'])
  const { statusCode, headers } = await preflight(app.http, ORIGIN)
  assert.equal(statusCode, 204)
  assert.equal(headers['access-control-allow-origin'], ORIGIN)
  assert.equal(headers['access-control-allow-credentials'], 'true')
  assert.equal(headers['access-control-max-age'], '600')
  assert.match(String(headers['access-control-allow-methods']), /PATCH/)
  assert.match(String(headers['access-control-allow-headers']), /idempotency-key/)
  const answer = await app.http.inject({ method: 'POST', url: '/api/v1/things', headers: { origin: ORIGIN } })
  assert.equal(answer.headers['access-control-allow-origin'], ORIGIN)
  assert.match(String(answer.headers['access-control-expose-headers']), /etag.*x-request-id.*retry-after/i)
  assert.match(String(answer.headers['vary']), /origin/i)
})

test('any other origin is allowed nothing: neither by preflight nor by an answer', async () => {
  await using app = await server([ORIGIN])
  for (const origin of [
    'https://evil.example',
    'https://console.example.evil.example',
    'http://console.example',
    'null',
    `${ORIGIN}:444`,
  ]) {
    assert.equal((await preflight(app.http, origin)).headers['access-control-allow-origin'], undefined, origin)
    const answer = await app.http.inject({ url: '/api/v1/public', headers: { origin } })
    assert.equal(answer.headers['access-control-allow-origin'], undefined, origin)
  }
})

test('where no origin is configured none is allowed', async () => {
  await using app = await server()
  const { headers } = await preflight(app.http, ORIGIN)
  assert.equal(headers['access-control-allow-origin'], undefined)
  assert.notEqual(
    (await app.http.inject({ url: '/api/v1/public', headers: { origin: '*' } })).headers['access-control-allow-origin'],
    '*',
  )
})

test('an OPTIONS that nobody may send finds nothing, in the envelope and counted', async () => {
  await using app = await server()
  const ask = (headers: Record<string, string> = {}) =>
    app.http.inject({ method: 'OPTIONS', url: '/api/v1/things', headers, remoteAddress: '192.0.2.77' })
  for (const answer of [await ask(), await preflight(app.http, ORIGIN)]) {
    const { error } = answer.json<{ error: { type: string; code: string } }>()
    assert.deepEqual([answer.statusCode, error.type, error.code], [404, 'NotFound', 'request.no_such_route'])
  }
  await using limited = await ownServer({ changes: { RATE_LIMIT: 'on', RATE_LIMIT_PER_MINUTE: 1 } })
  const again = () => limited.http.inject({ method: 'OPTIONS', url: '/x', remoteAddress: '192.0.2.78' })
  assert.equal((await again()).statusCode, 404)
  const refused = await again()
  assert.equal(refused.statusCode, 429)
  assert.equal(refused.json<{ error: { code: string } }>().error.code, 'request.too_many')
})

test('an OPTIONS that is no preflight is answered empty where origins are allowed', async () => {
  await using app = await server([ORIGIN])
  const { statusCode, body } = await app.http.inject({ method: 'OPTIONS', url: '/api/v1/things' })
  assert.deepEqual([statusCode, body], [204, ''])
})

test('long answers are compressed where the client takes it, short ones never', async () => {
  await using app = await server()
  const ask = (url: string, encoding: string) => app.http.inject({ url, headers: { 'accept-encoding': encoding } })
  const plain = await app.http.inject('/api/v1/long')
  assert.equal(plain.headers['content-encoding'], undefined)
  const packed = await ask('/api/v1/long', 'br, gzip')
  assert.equal(packed.headers['content-encoding'], 'gzip')
  assert.match(String(packed.headers['vary']), /accept-encoding/i)
  assert.ok(packed.rawPayload.length < 500)
  assert.equal(gunzipSync(packed.rawPayload).toString(), plain.body)
  assert.equal((await ask('/api/v1/public', 'gzip')).headers['content-encoding'], undefined)
  assert.equal((await ask('/api/v1/long', 'nonsense;q=x')).statusCode, 200)
})

test('X-Correlation-ID runs through several requests; one that names none, or a harmful one, is its own', async () => {
  await using app = await server()
  const of = async (headers: Record<string, string>) => {
    const answer = await app.http.inject({ url: '/api/v1/public', headers })
    return [answer.headers['x-correlation-id'], answer.headers['x-request-id']]
  }
  const [first, second] = [await of({ 'x-correlation-id': 'order-7' }), await of({ 'x-correlation-id': 'order-7' })]
  assert.deepEqual([first[0], second[0]], ['order-7', 'order-7'])
  assert.notEqual(first[1], second[1])
  for (const harmful of ['a b', 'x'.repeat(101), '<script>']) {
    const [correlation, id] = await of({ 'x-correlation-id': harmful })
    assert.equal(correlation, id)
  }
})
