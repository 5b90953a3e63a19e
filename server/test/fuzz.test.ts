/**
 * Every operation of the contract with data that nearly fits and data that does not: never a 5xx, always an answer that
 * its own description allows. FUZZ_RUNS raises the number of calls per operation, FUZZ_SEED changes them.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { ValidateFunction } from 'ajv'
import formats from 'ajv-formats'
import fc from 'fast-check'
import { v7 as uuidv7 } from 'uuid'
import { newTenant, request, testApp, type Answer, type TestUser } from './harness.ts'
import type { AllTables } from '#tables'
import type { Custody } from '#platform/database/custody.ts'
import { contract, operationsOf, resolved, type Document, type Operation, type Schema } from './openapi.ts'
import { make, makeWithin, newWorld, hasMaker, type World } from './specimens.ts'

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 60)
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_121)

const NASTY = [
  ...[
    "'; drop table plants; --",
    "' or '1'='1",
    '" or 1=1 --',
    '${7*7}',
    '{{7*7}}',
    '<%= 7*7 %>',
    '%s%n%x',
    '../../etc/passwd',
    '..\\..\\windows',
  ],
  ...[
    '<script>alert(1)</script>',
    '=cmd|calc',
    '$(id)',
    '`id`',
    '\u202eabc',
    '\u200b',
    'شمس',
    '太陽光',
    '🏭👩🏽‍🔧',
    'e\u0301',
    'ß',
    'İ',
    '\ufeff',
    '\u0000',
    '\n',
    '\t',
    ' ',
    '',
  ],
  ...[
    'NaN',
    'Infinity',
    '-0',
    '1e400',
    '0x10',
    'null',
    'undefined',
    'true',
    '[]',
    '{}',
    '__proto__',
    'constructor',
    '%',
    '_',
    '\\',
    '%25',
    '%00',
  ],
  ...[
    '2026-02-30',
    '9999-12-31',
    '0001-01-01',
    '-infinity',
    'infinity',
    'epoch',
    'now',
    '2026-11-21T25:00:00Z',
    'P1D',
    '00000000-0000-0000-0000-000000000000',
  ],
  ...['a'.repeat(201), 'à'.repeat(5000), '9'.repeat(400)],
]
const NUMBERS = [0, -0, -1, 1, 0.1, 1e-320, 2 ** 31, -(2 ** 31) - 1, 2 ** 53, 2 ** 63, 1e21, 1e308, -1e308]
const anything: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(...NASTY, ...NUMBERS, null, true, false, [], {}, [[]], [null], { a: 1 }),
  fc.string({ unit: 'binary', maxLength: 50 }),
  fc.jsonValue({ maxDepth: 2 }),
)

/** What fits the schema, or nearly. */
function fitting(schema: Schema): fc.Arbitrary<unknown> {
  const {
    examples,
    enum: words,
    type,
    minimum,
    maximum,
    minLength = 0,
    maxLength = 300,
    items,
    maxItems = 3,
  } = schema as {
    examples?: unknown[]
    enum?: unknown[]
    type?: string | string[]
    minimum?: number
    maximum?: number
    minLength?: number
    maxLength?: number
    items?: Schema
    maxItems?: number
  }
  if ('const' in schema) return fc.constant(schema['const'])
  if (words) return fc.constantFrom(...words)
  const several = (schema['anyOf'] ?? schema['oneOf']) as Schema[] | undefined
  if (several) return fc.oneof(...several.map(fitting))
  if (Array.isArray(type)) return fc.oneof(...type.map((one) => fitting({ ...schema, type: one })))
  const sometimes = (made: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
    examples?.length ? fc.oneof(made, fc.constantFrom(...examples)) : made
  switch (type) {
    case 'null':
      return fc.constant(null)
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return sometimes(
        fc.integer({ min: Math.max(minimum ?? -(2 ** 53), -(2 ** 53)), max: Math.min(maximum ?? 2 ** 53, 2 ** 53) }),
      )
    case 'number':
      return sometimes(
        fc.double({
          noNaN: true,
          noDefaultInfinity: true,
          ...(minimum !== undefined && { min: minimum }),
          ...(maximum !== undefined && { max: maximum }),
        }),
      )
    case 'array':
      return fc.array(fitting(items ?? {}), { maxLength: Math.min(maxItems, 4) })
    case 'object':
      return objectOf(schema)
    case 'string':
      return sometimes(textOf(schema, minLength, maxLength))
    case undefined:
    default:
      return anything
  }
}

function textOf({ format, pattern }: Schema, minLength: number, maxLength: number): fc.Arbitrary<string> {
  if (format === 'uuid') return fc.oneof(fc.uuid(), fc.constant(uuidv7()))
  if (format === 'date') return fc.constantFrom('2026-11-21', '2024-02-29', '1000-01-01', '9999-12-31', '2026-12-31')
  if (format === 'date-time')
    return fc.constantFrom(
      '2026-11-21T05:50:00Z',
      '2026-03-29T02:30:00+01:00',
      '1000-01-01T00:00:00Z',
      '9999-12-31T23:59:59.999999999-23:59',
    )
  if (format === 'email') return fc.emailAddress()
  if (typeof pattern === 'string' && pattern.length < 60 && !pattern.includes('\\u'))
    return fc.stringMatching(new RegExp(pattern))
  const nasty = NASTY.filter((one) => one.length >= minLength && one.length <= maxLength)
  return fc.oneof(
    fc.constantFrom(...nasty, 'x'.repeat(Math.max(1, minLength))),
    fc.string({ unit: 'grapheme', minLength, maxLength: Math.min(maxLength, 60) }),
  )
}

function objectOf(schema: Schema): fc.Arbitrary<unknown> {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Schema>)
  const required = (schema['required'] ?? []) as string[]
  const record = Object.fromEntries(properties.map(([name, property]) => [name, fitting(property)]))
  return fc.record(record, { requiredKeys: required })
}

/** One field in a while is replaced, added or left out. */
const broken = (schema: Schema): fc.Arbitrary<unknown> => {
  const names = Object.keys(schema['properties'] ?? {})
  const field = fc.constantFrom(...names, 'unknown', '__proto__', 'tenant_id', 'id')
  const spoilt = fc
    .tuple(fitting(schema), field, anything)
    .map(([whole, name, value]) =>
      typeof whole === 'object' && whole !== null && !Array.isArray(whole)
        ? Object.fromEntries([...Object.entries(whole), [name, value]])
        : value,
    )
  return fc.oneof(
    { weight: 4, arbitrary: fitting(schema) },
    { weight: 4, arbitrary: spoilt },
    { weight: 1, arbitrary: anything },
  )
}

type Call = { ids: string[]; query: [string, unknown][]; payload: unknown; headers: Record<string, string> }

const BOUNDARY = 'boundary'
const MULTIPART = `multipart/form-data; boundary=${BOUNDARY}`
/** The columns of a plant, of the registry, and none of them. */
const HEADINGS = ['name', 'code', 'type', 'status', 'power_kw', 'latitude', 'longitude', 'Provincia', 'tags', 'id', '']

/** A form with a file: a table of nearly fitting cells or just bytes, whole or cut off. */
const form = (): fc.Arbitrary<Buffer> => {
  const cell = fc.oneof(
    fc.constantFrom('Carpi', 'C-1', 'Wind', 'In Operation', '1998,4', '44.78', 'MO', '"', 'a"b'),
    fc.constantFrom(...NASTY),
    fc.constantFrom(...NUMBERS.map(String)),
  )
  const separator = fc.constantFrom(',', ';', '\t')
  const heading = fc.oneof(
    { weight: 3, arbitrary: fc.constant(HEADINGS.slice(0, 5)) },
    { weight: 1, arbitrary: fc.array(fc.constantFrom(...HEADINGS), { maxLength: 8 }) },
  )
  const fit = fc.array(fc.nat(99), { minLength: 1, maxLength: 3 }).map((codes) => {
    const rows = [...new Set(codes)].map((code) => ['Carpi', `C-${code}`, 'Wind', 'In Operation', '5'])
    return Buffer.from([HEADINGS.slice(0, 5), ...rows].map((row) => row.join(',')).join('\n'))
  })
  const table = fc
    .tuple(heading, fc.array(fc.array(cell, { minLength: 3, maxLength: 6 }), { maxLength: 5 }), separator)
    .map(([names, rows, by]) => Buffer.from([names, ...rows].map((row) => row.join(by)).join('\r\n')))
  const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.concat([Buffer.from('PK\x03\x04'), array]))
  return fc
    .record({
      content: fc.oneof(
        { weight: 3, arbitrary: table },
        { weight: 2, arbitrary: fit },
        { weight: 1, arbitrary: bytes },
      ),
      field: fc.constantFrom('file', 'file', 'file', 'other', '__proto__', ''),
      name: fc.constantFrom('plants.csv', 'plants.xlsx', '../../etc/passwd', '', 'a'.repeat(300), 'x.exe'),
      end: fc.constantFrom(`\r\n--${BOUNDARY}--\r\n`, `\r\n--${BOUNDARY}--\r\n`, `\r\n--${BOUNDARY}\r\n`, ''),
    })
    .map(({ content, field, name, end }) => {
      const head = `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${field}"; filename="${name}"\r\n`
      return Buffer.concat([Buffer.from(`${head}content-type: text/csv\r\n\r\n`), content, Buffer.from(end)])
    })
}

function payloadOf(body: Operation['body'], document: Document): fc.Arbitrary<unknown> {
  if (body?.contentType === 'application/json') return broken(resolved(body.schema, document) as Schema)
  return body?.contentType === 'multipart/form-data' ? form() : fc.constant(undefined)
}

function callsOf({ path, parameters, body }: Operation, document: Document, reals: string[]): fc.Arbitrary<Call> {
  const whole = (schema: unknown): Schema => resolved(schema, document) as Schema
  const count = [...path.matchAll(/\{/g)].length
  const id = (real: string) =>
    fc.oneof(
      { weight: 6, arbitrary: fc.constant(real) },
      { weight: 1, arbitrary: fc.uuid() },
      { weight: 1, arbitrary: fc.constantFrom(...NASTY.filter((one) => one !== '')) },
    )
  const inQuery = parameters.filter((one) => one.in === 'query')
  const one = inQuery.map((parameter) => {
    const value = fc.oneof(
      { weight: 3, arbitrary: fitting(whole(parameter.schema)) },
      { weight: 1, arbitrary: fc.constantFrom<unknown>(...NASTY, ...NUMBERS) },
    )
    return fc.tuple(fc.constant(parameter.name), value)
  })
  const needed = inQuery
    .filter((parameter) => parameter.required)
    .map((parameter) => fc.tuple(fc.constant(parameter.name), fitting(whole(parameter.schema))))
  const some = inQuery.length > 0 ? fc.array(fc.oneof(...one), { maxLength: 4 }) : fc.constant([])
  const header = fc.constantFrom<Record<string, string>>(
    {},
    {},
    {},
    { 'if-match': '"1"' },
    { 'if-match': 'W/"x", *' },
    { 'if-none-match': '*' },
    { 'idempotency-key': 'same' },
    { 'idempotency-key': 'è' },
    { 'accept-language': "it';--" },
    { accept: 'text/html' },
  )
  return fc.record({
    ids: fc.tuple(...reals.slice(0, count).map(id)),
    query: fc.tuple(fc.tuple(...needed), some).map(([first, more]) => [...first, ...more] as [string, unknown][]),
    payload: payloadOf(body, document),
    headers: header,
  })
}

const ajv = new Ajv2020({ strict: false, allErrors: true })
formats.default(ajv)

type Judge = (answer: Answer) => string | null
function judgeOf(operation: Operation, document: Document): Judge {
  const compiled = new Map<string, ValidateFunction>()
  for (const [status, { schema }] of Object.entries(operation.answers))
    if (schema) compiled.set(status, ajv.compile(resolved(schema, document) as object))
  return ({ status, body, text, headers }) => {
    if (status >= 500) return `answers ${status}`
    if (status === 304) return text === '' ? null : '304 with a body'
    // An address that cannot be read, or that is another route's, is no longer this operation's.
    if (body?.error?.code === 'request.no_such_route' || body?.error?.code === 'request.malformed') return null
    if (!(String(status) in operation.answers)) return `${status} is not described: ${text.slice(0, 200)}`
    const validate = compiled.get(String(status))
    if (validate === undefined || !String(headers['content-type']).includes('json')) return null
    return validate(body)
      ? null
      : `${status} is not as described: ${ajv.errorsText(validate.errors)} ${text.slice(0, 300)}`
  }
}

/** What ends the session or the tenant that calls is called by somebody who is thrown away. */
const ENDING =
  /^(logOut|end|changePassword|deleteUser|updateUser|disableSecondFactor|enableSecondFactor|setUpSecondFactor|updateOwnTenant|register|createTenant|updateTenant|deleteTenant|cancelTenant|suspendTenant|reactivateTenant)/

async function send(
  user: TestUser | null,
  { method, path }: Operation,
  { ids, query, payload, headers }: Call,
): Promise<Answer> {
  const rest = [...ids]
  const address = path.replaceAll(/\{\w+\}/g, () => encodeURIComponent(rest.shift()!))
  const asked = query.map(
    ([name, value]) => `${name}=${encodeURIComponent(typeof value === 'string' ? value : JSON.stringify(value))}`,
  )
  const url = `${address}${asked.length > 0 ? `?${asked.join('&')}` : ''}`
  const safe = Object.fromEntries(Object.entries(headers))
  const isForm = payload instanceof Buffer
  const sent = payload === undefined ? {} : { body: isForm ? payload : JSON.stringify(payload) }
  const type = payload === undefined ? {} : { 'content-type': isForm ? MULTIPART : 'application/json' }
  return request(method as 'GET', url, { ...(user && { token: user.token }), ...sent, headers: { ...type, ...safe } })
}

async function makeSuperuser({ accountId }: TestUser): Promise<void> {
  const { custody } = (await testApp()).deps.installation
  await custody.run(({ db }: Custody<AllTables>) =>
    db.updateTable('control.accounts').set({ is_superuser: true }).where('id', '=', accountId).execute(),
  )
}

const wellFormed = (call: Call): boolean =>
  JSON.stringify([call.ids, call.query]).isWellFormed() &&
  call.ids.every((id) => id.isWellFormed()) &&
  call.query.every(([, value]) => typeof value !== 'string' || value.isWellFormed())

test(
  'no data whatever makes an operation break, or answer what its description does not allow',
  { timeout: 600_000 },
  async (t) => {
    const document = await contract()
    const operations = operationsOf(document).filter(({ path, endless }) => path.startsWith('/api/v1/') && !endless)
    assert.ok(operations.length > 40)
    const roomy = { max_plants: 1_000_000, max_users: 1_000_000 }
    const world: World = await newWorld(await newTenant(roomy))
    let calls = 0
    const statuses = new Map<number, number>()
    const uploads = new Map<number, number>()
    for (const operation of operations) {
      await t.test(`${operation.method} ${operation.path}`, async () => {
        const judge = judgeOf(operation, document)
        const own = ENDING.test(operation.operationId) ? await newWorld(await newTenant(roomy)) : world
        const isMade = operation.path.includes('{') && hasMaker(operation.path)
        const real = isMade ? (await make(operation.path, own)).id : uuidv7()
        const within = isMade ? await makeWithin(operation.path, own, real) : null
        const user = operation.security.length > 0 ? own.tenant.admin : null
        if (operation.path.startsWith('/api/v1/tenants')) await makeSuperuser(own.tenant.admin)
        const property = fc.asyncProperty(
          callsOf(operation, document, [real, within ?? uuidv7()]).filter(wellFormed),
          async (call) => {
            const answer = await send(user, operation, call)
            calls += 1
            statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
            if (call.payload instanceof Buffer) uploads.set(answer.status, (uploads.get(answer.status) ?? 0) + 1)
            const wrong = judge(answer)
            assert.equal(wrong, null, wrong ?? '')
          },
        )
        await fc.assert(property, { numRuns: RUNS, seed: SEED, endOnFailure: true })
      })
    }
    assert.ok(calls >= operations.length * RUNS * 0.9, `${calls} calls`)
    assert.ok((uploads.get(200) ?? 0) > 0 && (uploads.get(422) ?? 0) > 0, `uploads: ${JSON.stringify([...uploads])}`)
    for (const status of [200, 404, 422])
      assert.ok((statuses.get(status) ?? 0) > calls / 50, `${status}: ${statuses.get(status)} of ${calls}`)
  },
)
