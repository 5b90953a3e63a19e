import assert from 'node:assert/strict'
import { createGzip, gzipSync } from 'node:zlib'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { newTenant, plantOf, request, type TestTenant } from '#test/harness.ts'

const BULK = '/api/v1/plant-ops/sensors/readings/bulk'
const MINUTES = 60_000

type World = { tenant: TestTenant; plant: string; sensor: (fields?: object) => Promise<string> }
async function world(): Promise<World> {
  const tenant = await newTenant()
  const plant = await plantOf(tenant)
  const sensor = async (fields: object = {}): Promise<string> => {
    const made = await tenant.admin.call('POST', '/plant-ops/sensors', {
      plant_id: plant,
      name: 'T',
      unit: 'Cel',
      ...fields,
    })
    assert.equal(made.status, 201, made.text)
    return made.body.id as string
  }
  return { tenant, plant, sensor }
}

const bulk = (token: string, type: string, body: unknown, headers: Record<string, string> = {}, query = '') =>
  request('POST', `${BULK}${query}`, { token, body, headers: { 'content-type': type, ...headers } })

async function keyOf({ admin }: TestTenant, more: object = {}): Promise<string> {
  const made = await admin.call('POST', '/api-keys', { name: 'agent', permissions: ['readings.write'], ...more })
  assert.equal(made.status, 201, made.text)
  return made.body.key as string
}
const write = (key: string, body: unknown, query = '', headers: Record<string, string> = {}) =>
  request('POST', `/api/v2/write?org=o&bucket=b${query}`, {
    body,
    headers: { authorization: `Token ${key}`, ...headers },
  })

const at = (minutesAgo: number): Date => new Date(Math.floor(Date.now() / MINUTES) * MINUTES - minutesAgo * MINUTES)
async function valuesOf({ tenant }: World, id: string): Promise<unknown[]> {
  const { body } = await tenant.admin.call('GET', `/plant-ops/sensors/${id}/readings`)
  return (body.items as { ts: string; value: number }[]).map(({ ts, value }) => [ts, value])
}

test('NDJSON, CSV and line protocol write the same readings, and repeating one in another format changes nothing', async () => {
  const here = await world()
  const id = await here.sensor({ source: 'boiler,area=3 temperature' })
  const { token } = here.tenant.admin
  const ts = at(5).toISOString()
  const first = await bulk(token, 'application/x-ndjson', `{"sensor_id":"${id}","ts":"${ts}","value":21.5}\n`)
  assert.deepEqual([first.status, first.body], [200, { accepted: 1, duplicates: 0, late: 0, rejected: [] }], first.text)
  const csv = await bulk(
    token,
    'text/csv; charset=utf-8',
    `sensor_id;ts;value;unit\r\n${id};${ts};21,5;°C\r\n${id};${at(4).toISOString()};1;kW\r\n`,
  )
  assert.deepEqual([csv.body.duplicates, csv.body.rejected.length], [1, 1], csv.text)
  assert.deepEqual(csv.body.rejected[0], {
    ...{ index: 1, code: 'plant_ops.other_unit' },
    message: 'The unit is not that of the sensor. It is «Cel», and not «kW».',
  })
  const line = `boiler,area=3 temperature=21.5,state="on" ${at(5).getTime()}\nboiler,area=4 temperature=1 ${at(5).getTime()}`
  const lines = await bulk(token, 'text/plain', line, {}, '?precision=ms')
  assert.equal(lines.body.duplicates, 1, lines.text)
  assert.deepEqual(
    lines.body.rejected.map(({ index, code }: { index: number; code: string }) => [index, code]),
    [
      [0, 'plant_ops.text_value'],
      [1, 'plant_ops.unknown_source'],
    ],
  )
  assert.deepEqual(await valuesOf(here, id), [[ts, 21.5]])
})

test('a body may be gzip; one that is broken, of another type or too long changes nothing', async () => {
  const here = await world()
  const id = await here.sensor()
  const { token } = here.tenant.admin
  const row = `{"sensor_id":"${id}","ts":"${at(3).toISOString()}","value":1}\n`
  const packed = gzipSync(row)
  const gzip = { 'content-encoding': 'gzip' }
  assert.equal((await bulk(token, 'application/x-ndjson', packed, gzip)).body.accepted, 1)
  for (const broken of [packed.subarray(0, -9), Buffer.from('no gzip')]) {
    const answer = await bulk(token, 'application/x-ndjson', broken, gzip)
    assert.deepEqual([answer.status, answer.body.error.code], [400, 'request.malformed'], answer.text)
  }
  assert.equal((await bulk(token, 'application/x-ndjson', packed, { 'content-encoding': 'rot13' })).status, 415)
  assert.equal((await bulk(token, 'application/xml', row)).status, 415)
  const declared = await bulk(token, 'text/csv', Readable.from([row]), { 'content-length': '70000000' })
  assert.deepEqual([declared.status, declared.body.error.code], [413, 'plant_ops.body_too_large'])
  assert.equal((await valuesOf(here, id)).length, 1)
})

test('a gzip bomb and a body of a gigabyte are refused in constant memory', async () => {
  const here = await world()
  const { token } = here.tenant.admin
  const zeros = Buffer.alloc(1_048_576, '# nothing but comments\n')
  function* endless(megabytes: number) {
    for (let sent = 0; sent < megabytes; sent += 1) yield zeros
  }
  const before = process.memoryUsage().rss
  const bomb = await bulk(token, 'text/plain', Readable.from(endless(1_024)).pipe(createGzip({ level: 1 })), {
    'content-encoding': 'gzip',
  })
  assert.deepEqual([bomb.status, bomb.body.error.code], [413, 'plant_ops.body_too_large'], bomb.text)
  const plain = await bulk(token, 'text/plain', Readable.from(endless(1_024)))
  assert.equal(plain.status, 413)
  assert.ok(process.memoryUsage().rss - before < 150_000_000, `${process.memoryUsage().rss - before} more`)
})

test('an agent for InfluxDB writes by Token, Basic or p, and gets 204', async () => {
  const here = await world()
  const id = await here.sensor({ source: 'cpu,host=a usage_idle' })
  const key = await keyOf(here.tenant)
  const line = (minute: number) => `cpu,host=a usage_idle=${minute} ${at(minute).getTime()}000000\n`
  const token = await write(key, gzipSync(line(9)), '', { 'content-encoding': 'gzip' })
  assert.deepEqual([token.status, token.text], [204, ''])
  const basic = { authorization: `Basic ${Buffer.from(`agent:${key}`).toString('base64')}` }
  const old = await request('POST', '/write?db=x&precision=ns', { body: line(8), headers: basic })
  assert.equal(old.status, 204, old.text)
  const named = await request('POST', `/write?db=x&u=agent&p=${key}`, {
    body: line(7),
    headers: { 'content-type': 'text/plain; charset=utf-8' },
  })
  assert.equal(named.status, 204, named.text)
  assert.equal((await write(key, '')).status, 204, 'nothing is nothing wrong')
  assert.deepEqual(
    (await valuesOf(here, id)).map((one) => (one as number[])[1]),
    [9, 8, 7],
  )
})

test('an agent is told what InfluxDB would tell it', async () => {
  const here = await world()
  const id = await here.sensor({ source: 'm v' })
  const key = await keyOf(here.tenant)
  const partial = await write(
    key,
    `m v=1 ${at(2).getTime()}\nbroken\nm v=2,s="x" ${at(1).getTime()}\nn v=1`,
    '&precision=ms',
  )
  assert.equal(partial.status, 400)
  assert.equal(partial.body.code, 'invalid')
  assert.match(
    partial.body.message,
    /^partial write: line 2: .* line 4: No sensor is fed by this source\. «n v» dropped=2 written=2$/,
  )
  assert.equal(partial.body.error, partial.body.message)
  assert.equal((await valuesOf(here, id)).length, 2)
  const wrong = await write('nonsense', 'm v=1')
  assert.deepEqual([wrong.status, wrong.body.code], [401, 'unauthorized'])
  assert.equal((await request('POST', '/api/v2/write', { body: 'm v=1' })).status, 401)
  const poor = await keyOf(here.tenant, { permissions: ['readings.read'] })
  assert.deepEqual((await write(poor, 'm v=1')).body.code, 'forbidden')
  assert.equal((await write(key, 'm v=1', '&precision=day')).status, 400)
  const long = await write(key, Readable.from([Buffer.alloc(10)]), '', { 'content-length': '99999999' })
  assert.deepEqual([long.status, long.body.code], [413, 'request too large'])
  const elsewhere = await newTenant()
  assert.match((await write(await keyOf(elsewhere), 'm v=1')).body.message, /No sensor is fed/)
})

const allow = async ({ admin }: TestTenant): Promise<void> => {
  const answer = await admin.call('PATCH', '/tenant', { configuration: { ingest: { create_sensors: true } } })
  assert.equal(answer.status, 200, answer.text)
}

test('sensors are made for new sources where the company allows it, in the plant that the line, the address or the key names', async () => {
  const here = await world()
  const other = await plantOf(here.tenant)
  const key = await keyOf(here.tenant)
  const sensors = async () =>
    (
      (await here.tenant.admin.call('GET', '/plant-ops/sensors?sort=name')).body.items as {
        source: string
        plant_id: string
      }[]
    ).map(({ source, plant_id }) => [source, plant_id] as const)
  assert.equal((await write(key, `m,plant=${other} v=1`)).status, 400)
  assert.deepEqual(await sensors(), [], 'off is the default')
  await allow(here.tenant)
  assert.equal((await write(key, `m,plant=${other} v=1`)).status, 204)
  assert.equal((await write(key, 'm v=1', `&plant=${here.plant}`)).status, 204)
  assert.match((await write(key, 'm v=1')).body.message, /No sensor is fed/, 'which of two plants is not guessed')
  assert.match((await write(key, 'm,plant=nowhere v=1')).body.message, /No sensor is fed/)
  const single = await keyOf(here.tenant, { plant_scope: [other] })
  assert.equal((await write(single, 'm v=1')).status, 204)
  assert.match(
    (await write(single, `m,plant=${here.plant} v=5`)).body.message,
    /No sensor is fed/,
    'a plant out of scope is none',
  )
  assert.deepEqual(
    new Map(await sensors()),
    new Map([
      ['m v', other],
      [`m,plant=${here.plant} v`, here.plant],
      [`m,plant=${other} v`, other],
    ]),
  )
})

test('two agents that begin at once make one sensor', async () => {
  const here = await world()
  await allow(here.tenant)
  const key = await keyOf(here.tenant)
  const body = Array.from({ length: 20 }, (_, i) => `m,i=${i} v=1 ${at(1).getTime()}`)
  const answers = await Promise.all([
    write(key, body.join('\n'), '&precision=ms'),
    write(key, body.toReversed().join('\n'), '&precision=ms'),
  ])
  assert.deepEqual(
    answers.map(({ status }) => status),
    [204, 204],
    answers.map(({ text }) => text).join(),
  )
  assert.equal((await here.tenant.admin.call('GET', '/plant-ops/sensors')).body.pagination.total, 20)
})
