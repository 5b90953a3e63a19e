/** Whatever comes in, what goes out is an answer or the one envelope. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import type { InjectOptions } from 'fastify'
import { newTenant } from '../../test/harness.ts'
import { bearer, ownServer, type OwnServer } from './http.fixture.ts'
import { refusals } from '../refusal.ts'
import { Day, Email, Id, Line, Nullable, OneOf, PageQuery, Paragraphs, Shape, Timestamp, WithId } from './shapes.ts'

const own = refusals({ 'things.not_found': ['not_found', 'There is no such thing.'], 'things.no': ['conflict', 'No.'] })
const Inner: ReturnType<typeof Type.Object> = Shape({ deep: Type.Optional(Type.Unknown()) })
const Body = Shape({
  name: Line(20),
  note: Type.Optional(Paragraphs(100)),
  count: Type.Optional(Type.Integer({ minimum: 0, maximum: 10 })),
  kind: Type.Optional(OneOf(['a', 'b'])),
  email: Type.Optional(Email),
  day: Type.Optional(Day),
  at: Type.Optional(Timestamp),
  parent: Type.Optional(Nullable(Id)),
  inner: Type.Optional(Inner),
  meters: Type.Optional(Type.Array(Shape({ serial: Line(5) }), { maxItems: 3 })),
})

const server = (): Promise<OwnServer> =>
  ownServer({
    refusals: own.table,
    changes: { MAX_BODY_SIZE: 20_000 },
    routes: (app, edges) => {
      const open = { permission: 'public' }
      app.post('/api/v1/things', { config: open, schema: { operationId: 'make', body: Body } }, (request) => ({
        got: request.body,
      }))
      app.get(
        '/api/v1/things',
        { config: open, schema: { operationId: 'list', querystring: Shape(PageQuery) } },
        (request) => request.query,
      )
      app.get('/api/v1/things/:id', { config: open, schema: { operationId: 'get', params: WithId } }, () => {
        throw own.refuse('things.not_found')
      })
      app.post(
        '/api/v1/things/:id/restore',
        { config: open, schema: { operationId: 'restore', params: WithId } },
        (request) => ({
          body: request.body ?? null,
        }),
      )
      app.get('/api/v1/broken', { config: open, schema: { operationId: 'broken' } }, () => {
        throw new Error('password=hunter2 in /secret/path')
      })
      app.get('/api/v1/odd', { config: open, schema: { operationId: 'odd' } }, () => {
        // Something that is no error at all is thrown by libraries now and then.
        // oxlint-disable-next-line typescript/only-throw-error
        throw 'a string'
      })
      app.get('/api/v1/mine', { config: { permission: 'signed_in' }, schema: { operationId: 'mine' } }, (request) =>
        edges.read(request, () => Promise.resolve({ tenant: request.caller!.tenantId })),
      )
      app.get(
        '/api/v1/forbidden',
        { config: { permission: 'no.such' }, schema: { operationId: 'forbidden' } },
        (request) => edges.read(request, () => Promise.resolve({})),
      )
    },
  })

type Problem = {
  type: string
  code: string
  message: string
  request_id: string
  details?: { field: string; message: string }[]
}
type Told = { status: number; error: Problem; headers: Record<string, unknown>; text: string }

async function told({ http }: OwnServer, options: InjectOptions): Promise<Told> {
  const answer = await http.inject(options)
  const { error, ...rest } = answer.json<{ error: Problem }>()
  assert.deepEqual(Object.keys(rest), [], 'nothing beside the error')
  const keys = Object.keys(error).filter((key) => key !== 'details')
  assert.deepEqual(keys, ['type', 'code', 'message', 'request_id'])
  assert.equal(error.request_id, answer.headers['x-request-id'])
  assert.match(String(answer.headers['content-type']), /^application\/json/)
  assert.equal(answer.headers['x-content-type-options'], 'nosniff')
  return { status: answer.statusCode, error, headers: answer.headers, text: answer.body }
}
const json = { 'content-type': 'application/json' }
const post = (payload: string | Buffer, headers: Record<string, string> = json): InjectOptions => ({
  method: 'POST',
  url: '/api/v1/things',
  headers,
  payload,
})

const unreadable: [name: string, body: string | Buffer][] = [
  ['cut off', '{"name": "x"'],
  ['no JSON', 'name=x'],
  ['a trailing comma', '{"name": "x",}'],
  ['a comment', '{"name": "x" /* y */}'],
  ['NaN', '{"name": "x", "count": NaN}'],
  ['two documents', '{"name": "x"}{"name": "y"}'],
  ['no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
  ['an overlong NUL', Buffer.from([0x22, 0xc0, 0x80, 0x22])],
  ['UTF-16', Buffer.from('{"name":"x"}', 'utf16le')],
  ['__proto__', '{"name": "x", "__proto__": {"admin": true}}'],
  ['__proto__ by escapes', '{"name": "x", "\\u005f_proto__": {"admin": true}}'],
  ['__proto__ further down', '{"name": "x", "inner": {"deep": [{"__proto__": {}}]}}'],
  ['constructor.prototype', '{"name": "x", "constructor": {"prototype": {"admin": true}}}'],
  ['a NUL', '{"name": "a\\u0000b"}'],
  ['a NUL in a key', '{"name": "a", "b\\u0000": 1}'],
  ['a raw NUL', '{"name": "a\u0000b"}'],
  ['half of a pair', '{"name": "a\\ud83d"}'],
  ['the other half', '{"name": "\\ude00"}'],
  ['halves the wrong way round', '{"name": "\\ude00\\ud83d"}'],
  ['half and an escaped backslash', '{"name": "\\ud83d\\\\ude00"}'],
  ['50 deep arrays', `{"name": "x", "inner": {"deep": ${'['.repeat(50)}${']'.repeat(50)}}}`],
  ['3,000 deep objects', `${'{"a":'.repeat(3000)}1`],
]
for (const [name, body] of unreadable) {
  test(`400 request.malformed: ${name}`, async () => {
    await using app = await server()
    const { status, error } = await told(app, post(body))
    assert.deepEqual([status, error.code, error.type], [400, 'request.malformed', 'BadRequest'])
    assert.equal(error.details, undefined)
  })
}

test('what only looks dangerous is read: pairs, escapes, brackets in strings, deep enough', async () => {
  await using app = await server()
  const fine = [
    '{"name": "\\ud83d\\ude00 \\\\u0000 \\"[["}',
    `{"name": "${'['.repeat(20)}"}`,
    `{"name":"x","inner":{"deep":${'['.repeat(29)}${']'.repeat(29)}}}`,
    '{"name":"constructor"}',
  ]
  for (const body of fine) {
    const answer = await app.http.inject(post(body))
    assert.deepEqual([answer.statusCode, answer.json()], [200, { got: JSON.parse(body) }], body)
  }
})

const invalid: [name: string, body: unknown, field: string][] = [
  ['a missing field', {}, 'name'],
  ['an unknown field', { name: 'x', admin: true }, 'admin'],
  ['an unknown field further down', { name: 'x', meters: [{ serial: 'a', extra: 1 }] }, 'meters.0.extra'],
  ['an empty name', { name: '' }, 'name'],
  ['a line break in a line', { name: 'a\nb' }, 'name'],
  ['a bell in a line', { name: 'a\u0007' }, 'name'],
  ['a C1 control', { name: 'a\u0085' }, 'name'],
  ['a line separator', { name: 'a\u2028' }, 'name'],
  ['an escape character in a text', { name: 'x', note: '\u001b[31m' }, 'note'],
  ['a long name', { name: 'x'.repeat(21) }, 'name'],
  ['a number for a text', { name: 5 }, 'name'],
  ['null for a text', { name: null }, 'name'],
  ['a text for a number', { name: 'x', count: '5' }, 'count'],
  ['a fraction', { name: 'x', count: 1.5 }, 'count'],
  ['a number out of bounds', { name: 'x', count: 11 }, 'count'],
  ['1e400', '{"name": "x", "count": 1e400}', 'count'],
  ['another word', { name: 'x', kind: 'c' }, 'kind'],
  ['no id', { name: 'x', parent: 'nope' }, 'parent'],
  ['no email', { name: 'x', email: 'a@b' }, 'email'],
  ['the 30th of February', { name: 'x', day: '2026-02-30' }, 'day'],
  ['the year 0', { name: 'x', day: '0000-01-01' }, 'day'],
  ['a time without a zone', { name: 'x', at: '2026-01-01T00:00:00' }, 'at'],
  ['the hour 24', { name: 'x', at: '2026-01-01T24:00:00Z' }, 'at'],
  ['an object for a list', { name: 'x', meters: {} }, 'meters'],
  ['a list too long', { name: 'x', meters: Array.from({ length: 4 }, () => ({ serial: 'a' })) }, 'meters'],
]
for (const [name, body, field] of invalid) {
  test(`422 things.invalid names the field: ${name}`, async () => {
    await using app = await server()
    const { status, error } = await told(app, post(typeof body === 'string' ? body : JSON.stringify(body)))
    assert.deepEqual([status, error.code, error.type], [422, 'things.invalid', 'ValidationError'])
    assert.ok(
      error.details?.some((detail) => detail.field === field),
      JSON.stringify(error.details),
    )
    for (const detail of error.details ?? []) assert.ok(detail.message.length > 3)
  })
}

for (const body of ['[]', 'null', '5', '"x"', 'true', '[{"name": "x"}]']) {
  test(`422 things.invalid: ${body} is no object`, async () => {
    await using app = await server()
    const { status, error } = await told(app, post(body))
    assert.deepEqual([status, error.code], [422, 'things.invalid'])
  })
}

test('every wrong field is named, and at most twenty', async () => {
  await using app = await server()
  const { error } = await told(app, post(JSON.stringify({ name: '', count: 99, kind: 'z' })))
  assert.deepEqual(error.details?.map((detail) => detail.field).toSorted(), ['count', 'kind', 'name'])
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`field_${i}`, i]))
  const { error: long } = await told(app, post(JSON.stringify({ name: 'x', ...many })))
  assert.equal(long.details?.length, 20)
})

test('a body with no content where one is needed is invalid, and none where none is needed is fine', async () => {
  await using app = await server()
  const { status } = await told(app, post(''))
  assert.equal(status, 422)
  const url = '/api/v1/things/01890000-0000-7000-8000-000000000000/restore'
  for (const headers of [{}, json])
    assert.equal((await app.http.inject({ method: 'POST', url, headers })).statusCode, 200)
})

test('413 request.too_large: by its length, and while it streams without one', async () => {
  await using app = await server()
  const big = JSON.stringify({ name: 'x'.repeat(10_000_000) })
  const { status, error } = await told(app, post(big))
  assert.deepEqual([status, error.code, error.type], [413, 'request.too_large', 'PayloadTooLarge'])
})

for (const type of [
  'text/plain',
  'application/xml',
  'application/x-www-form-urlencoded',
  'application/jsonx',
  'nonsense',
  'application/json-patch+json',
  'text/json',
]) {
  test(`415 request.unsupported_media_type: ${type}`, async () => {
    await using app = await server()
    const { status, error } = await told(app, post('{"name": "x"}', { 'content-type': type }))
    assert.deepEqual([status, error.code, error.type], [415, 'request.unsupported_media_type', 'UnsupportedMediaType'])
  })
}
test('a charset beside the content type is accepted; no content type at all is not', async () => {
  await using app = await server()
  const charset = post('{"name": "x"}', { 'content-type': 'application/json; charset=utf-8' })
  assert.equal((await app.http.inject(charset)).statusCode, 200)
  assert.equal((await told(app, post('{"name": "x"}', {}))).status, 415)
})

test('an id that is no id names nothing: the same answer as an id of nothing', async () => {
  await using app = await server()
  const random = await told(app, { method: 'GET', url: '/api/v1/things/01890000-0000-7000-8000-000000000000' })
  assert.deepEqual([random.status, random.error.code], [404, 'things.not_found'])
  for (const id of ['1', 'nope', '..%2f..%2fetc%2fpasswd', "' or 1=1 --", '%F0%9F%98%80', 'a'.repeat(199)]) {
    const { status, error } = await told(app, { method: 'GET', url: `/api/v1/things/${encodeURIComponent(id)}` })
    assert.deepEqual([status, error.code], [404, 'request.not_found'], id)
  }
})

const queries = [
  'limit=-1',
  'limit=0',
  'limit=201',
  'limit=x',
  'limit=1.5',
  'limit=',
  'limit=NaN',
  'limit=1e9',
  'limit=1&limit=2',
  'offset=-1',
  'offset=1e99',
  'sort=name;drop',
  'sort=',
  'sort=--name',
  'sort=a,b,c,d,e,f',
  'sort=NAME',
  'q=',
  'q=%07',
  `q=${'a'.repeat(201)}`,
  'unknown=1',
  'limit[$gt]=1',
  '__proto__[a]=1',
]
for (const query of queries) {
  test(`422: ?${query.slice(0, 30)}`, async () => {
    await using app = await server()
    const { status, error } = await told(app, { method: 'GET', url: `/api/v1/things?${query}` })
    assert.deepEqual([status, error.code], [422, 'things.invalid'])
  })
}
test('a page is read from text, with its defaults', async () => {
  await using app = await server()
  assert.deepEqual((await app.http.inject('/api/v1/things')).json(), { limit: 50, offset: 0 })
  const read = await app.http.inject('/api/v1/things?limit=10&offset=20&sort=-created_at,name&q=sole%20e%20vento')
  assert.deepEqual(read.json(), { limit: 10, offset: 20, sort: '-created_at,name', q: 'sole e vento' })
})

for (const url of ['/api/v1/things?q=a%00b', '/api/v1/thi%00ngs', '/%00']) {
  test(`400: a NUL in ${url}`, async () => {
    await using app = await server()
    assert.equal((await told(app, { method: 'GET', url })).status, 400)
  })
}
for (const url of ['/api/v1/things/%', '/api/v1/things/%zz', '/%c0%af', `/api/v1/things/${'a'.repeat(500)}`]) {
  test(`${url.slice(0, 30)} gets the envelope, with its headers`, async () => {
    await using app = await server()
    const { status } = await told(app, { method: 'GET', url })
    assert.ok(status === 400 || status === 404, String(status))
  })
}

test('404 request.no_such_route: unknown addresses and methods, signed in or not, with a bad token too', async () => {
  await using app = await server()
  const { admin } = await newTenant()
  for (const headers of [{}, bearer(admin), { authorization: 'Bearer nonsense' }]) {
    for (const options of [
      { url: '/api/v1/nothing' },
      { url: '/api/v2/things' },
      { url: '/.env' },
      { method: 'DELETE', url: '/api/v1/things' },
      { method: 'PATCH', url: '/api/v1/public' },
    ] as InjectOptions[]) {
      const { status, error } = await told(app, { method: 'GET', headers, ...options })
      assert.deepEqual([status, error.code, error.type], [404, 'request.no_such_route', 'NotFound'])
    }
  }
})

test('a trailing slash is accepted', async () => {
  await using app = await server()
  assert.equal((await app.http.inject('/api/v1/things/?limit=1')).statusCode, 200)
  assert.equal((await app.http.inject({ ...post('{"name":"x"}'), url: '/api/v1/things/' })).statusCode, 200)
})

test('HEAD answers as GET does, without the body', async () => {
  await using app = await server()
  const [get, head] = [
    await app.http.inject('/api/v1/things'),
    await app.http.inject({ method: 'HEAD', url: '/api/v1/things' }),
  ]
  assert.equal(head.statusCode, 200)
  assert.equal(head.body, '')
  assert.equal(head.headers['content-length'], get.headers['content-length'])
})

for (const authorization of [
  'Bearer',
  'Bearer ',
  'Basic YTpi',
  'nonsense',
  'Bearer a b',
  'Bearer ..',
  'bearer x.y',
  'Bearer \u00e9',
]) {
  test(`401 for the header «Authorization: ${authorization}»`, async () => {
    await using app = await server()
    const { status, error, headers } = await told(app, {
      method: 'GET',
      url: '/api/v1/mine',
      headers: { authorization },
    })
    assert.deepEqual([status, error.type, headers['www-authenticate']], [401, 'Unauthenticated', 'Bearer'])
    assert.deepEqual(app.denials, [error.code])
  })
}

test('401 without a token, 403 without the permission; each is told to the trail', async () => {
  await using app = await server()
  const { admin } = await newTenant()
  assert.equal((await told(app, { method: 'GET', url: '/api/v1/mine' })).error.code, 'auth.not_signed_in')
  const { status, error } = await told(app, { method: 'GET', url: '/api/v1/forbidden', headers: bearer(admin) })
  assert.deepEqual([status, error.code, error.type], [403, 'auth.forbidden', 'Forbidden'])
  assert.deepEqual(app.denials, ['auth.not_signed_in', 'auth.forbidden'])
  const mine = await app.http.inject({ url: '/api/v1/mine', headers: bearer(admin) })
  assert.deepEqual([mine.statusCode, mine.json()], [200, { tenant: admin.tenantId }])
})

test('a bug is «Something broke» with the request id: nothing of the inside is shown, all of it is logged', async () => {
  await using app = await server()
  for (const url of ['/api/v1/broken', '/api/v1/odd']) {
    const { status, error, text } = await told(app, { method: 'GET', url })
    assert.deepEqual(
      [status, error.code, error.type, error.message],
      [500, 'internal', 'InternalError', 'Something broke.'],
    )
    assert.doesNotMatch(text, /hunter2|secret|stack|envelope\.test/)
    const line = app.lines().find((one) => one['msg'] === 'something broke' && one['reqId'] === error.request_id)
    assert.ok(line, `${url} is logged`)
  }
})
