/** openapi.json is the contract: valid, complete, and readable by people and programs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { request } from './harness.ts'
import { contract, operationsOf, resolved, type Document, type Schema } from './openapi.ts'

const all = async () => {
  const document = await contract()
  const operations = operationsOf(document)
  assert.ok(operations.length > 20)
  return { document, operations }
}
const none = (found: string[], law: string): void => assert.deepEqual(found, [], law)

test('it is served at the root and below /api, the same, as JSON', async () => {
  const [root, api] = [await request('GET', '/openapi.json'), await request('GET', '/api/openapi.json')]
  assert.equal(root.status, 200)
  assert.equal(root.text, api.text)
  assert.match(String(root.headers['content-type']), /^application\/json/)
  const { openapi, info } = JSON.parse(root.text) as Document
  assert.equal(openapi, '3.1.0')
  assert.ok(info['title'] && info['version'])
})

for (const base of ['', '/api']) {
  test(`what ${base}/docs reads is the document that was made once, also where it asks for YAML`, async () => {
    const whole = await request('GET', `${base}/openapi.json`)
    for (const form of ['json', 'yaml']) {
      assert.equal((await request('GET', `${base}/docs/${form}`)).text, whole.text, form)
    }
  })

  test(`people read it at ${base}/docs and ${base}/redoc, whose scripts come from here`, async () => {
    const entry = await request('GET', `${base}/docs`)
    const docs = entry.status === 302 ? await request('GET', `${base}/docs/`) : entry
    assert.equal(docs.status, 200)
    const redoc = await request('GET', `${base}/redoc`)
    assert.match(redoc.text, new RegExp(`spec-url="${base}/openapi.json"`))
    for (const page of [docs, redoc]) {
      assert.match(String(page.headers['content-type']), /^text\/html/)
      assert.doesNotMatch(page.text, /(src|href)="https?:/, 'nothing is loaded from elsewhere')
    }
    const script = await request('GET', `${base}/redoc/redoc.js`)
    assert.match(String(script.headers['content-type']), /javascript/)
    assert.ok(script.text.length > 100_000)
    for (const file of ['swagger-ui-bundle.js', 'swagger-ui.css', 'swagger-initializer.js']) {
      assert.equal((await request('GET', `${base}/docs/static/${file}`)).status, 200, file)
    }
  })
}

test('every operation has an id of its own, a tag, a summary, and says who may call it', async () => {
  const { operations } = await all()
  const ids = operations.map((one) => one.operationId)
  none(
    ids.filter((id, i) => ids.indexOf(id) !== i),
    'twice',
  )
  none(
    operations.filter((one) => !/^[a-z][A-Za-z0-9]+$/.test(one.operationId)).map((one) => `${one.method} ${one.path}`),
    'no camelCase id',
  )
  none(
    operations.filter((one) => one.tags.length !== 1).map((one) => one.operationId),
    'not one tag',
  )
  none(
    operations.filter((one) => one.summary.length < 5 || one.summary.endsWith('.')).map((one) => one.operationId),
    'no summary',
  )
  const open = operations.filter((one) => one.security.length === 0)
  none(
    open.filter((one) => '401' in one.answers && !one.path.includes('/auth/')).map((one) => one.operationId),
    'public, yet asks for sign-in',
  )
  none(
    operations.filter((one) => one.security.length > 0 && !('401' in one.answers)).map((one) => one.operationId),
    'signed in, yet never 401',
  )
  assert.ok(open.some((one) => one.operationId === 'getHealth') && open.length < operations.length)
})

test('every parameter of a path is declared, and every declared one is in the path', async () => {
  const { operations } = await all()
  for (const { operationId, path, parameters } of operations) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!)
    const declared = parameters.filter((one) => one.in === 'path')
    assert.deepEqual(declared.map((one) => one.name).toSorted(), inPath.toSorted(), operationId)
    assert.ok(
      declared.every((one) => one.required),
      operationId,
    )
  }
})

test('a parameter with a default need not be sent', async () => {
  const { operations } = await all()
  const limits = operations.flatMap((one) => one.parameters).filter((one) => one.name === 'limit')
  assert.ok(limits.length > 5)
  assert.ok(limits.every((one) => one.schema['default'] !== undefined && !one.required))
})

/** An example of the whole, or of each required field. */
function hasExamples(schema: Schema): boolean {
  if (Array.isArray(schema['examples']) || 'example' in schema) return true
  if ('const' in schema || Array.isArray(schema['enum'])) return true
  const several = (schema['anyOf'] ?? schema['oneOf'] ?? schema['allOf']) as Schema[] | undefined
  if (several) return several.some(hasExamples)
  if (schema['type'] === 'array') return hasExamples((schema['items'] ?? {}) as Schema)
  const properties = Object.values((schema['properties'] ?? {}) as Record<string, Schema>)
  return properties.some(hasExamples)
}

test('every body has an example', async () => {
  const { document, operations } = await all()
  const bodies = operations.filter((one) => one.body?.contentType === 'application/json')
  assert.ok(bodies.length > 8)
  none(
    bodies.filter((one) => !hasExamples(resolved(one.body!.schema, document) as Schema)).map((one) => one.operationId),
    'no example',
  )
})

test('an example is accepted by the schema it stands in', async () => {
  const { document, operations } = await all()
  const ajv = new Ajv2020({ strict: false })
  formats.default(ajv)
  const wrong: string[] = []
  const check = (where: string, schema: Schema): void => {
    for (const example of (schema['examples'] ?? []) as unknown[]) {
      if (!ajv.validate(schema, example)) wrong.push(`${where}: ${JSON.stringify(example)} ${ajv.errorsText()}`)
    }
    for (const [name, property] of Object.entries((schema['properties'] ?? {}) as Record<string, Schema>))
      check(`${where}.${name}`, property)
  }
  for (const { operationId, body } of operations)
    if (body) check(operationId, resolved(body.schema, document) as Schema)
  none(wrong, 'an example that would be refused')
})

test('every answer has a schema or no body, and there is one of success', async () => {
  const { operations } = await all()
  for (const { operationId, answers } of operations) {
    const success = Object.keys(answers).filter((status) => status.startsWith('2') || status === '101')
    assert.ok(success.length > 0, `${operationId} never succeeds`)
    for (const [status, { schema }] of Object.entries(answers)) {
      if (/^2|101|304/.test(status)) continue
      assert.ok(schema !== null, `${operationId} ${status} has no schema`)
    }
  }
})

test('every refusal is the envelope, its codes spelled out', async () => {
  const { operations } = await all()
  let seen = 0
  for (const { operationId, answers } of operations) {
    assert.ok('500' in answers && '503' in answers && '429' in answers, operationId)
    for (const [status, { schema }] of Object.entries(answers)) {
      if (Number(status) < 400 || operationId === 'getHealth' || operationId === 'getReadiness') continue
      // Their clients are others': they read InfluxDB's shape.
      if (operationId.startsWith('writeLineProtocol')) {
        assert.deepEqual(schema, { $ref: '#/components/schemas/InfluxError' })
        continue
      }
      assert.ok(schema !== null, `${operationId} ${status} is not described`)
      type Narrowed = { properties: { error: { properties: { code: { enum: string[] } } } } }
      const [envelope, narrowed] = (schema as { allOf: [Schema, Narrowed] }).allOf
      assert.deepEqual(envelope, { $ref: '#/components/schemas/Problem' })
      const codes = narrowed.properties.error.properties.code.enum
      assert.ok(codes.length > 0, `${operationId} ${status}`)
      for (const code of codes) assert.match(code, /^([a-z_]+\.[a-z_0-9]+|internal)$/)
      seen += codes.length
    }
  }
  assert.ok(seen > 200)
})

test('every schema compiles, every reference leads somewhere', async () => {
  const { document, operations } = await all()
  const ajv = new Ajv2020({ strict: false })
  formats.default(ajv)
  for (const schema of Object.values(document.components.schemas)) ajv.compile(resolved(schema, document) as object)
  for (const { body, answers, parameters } of operations) {
    if (body) ajv.compile(resolved(body.schema, document) as object)
    for (const { schema } of Object.values(answers)) if (schema) ajv.compile(resolved(schema, document) as object)
    for (const { schema } of parameters) ajv.compile(resolved(schema, document) as object)
  }
})
