/** Programs that others wrote for InfluxDB, unmodified, over a real socket: its official client, and Telegraf’s requests, written after its source. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import {
  HttpError,
  InfluxDB,
  Point,
  setLogger,
  type WriteOptions,
  type WritePrecisionType,
} from '@influxdata/influxdb-client'
import { sql } from 'kysely'
import type { AllTables } from '#tables'
import type { App } from '../../../app.ts'
import type { Custody } from '#platform/database/custody.ts'
import { appWith, newTenant, plantOf, type TestTenant } from '#test/harness.ts'

// It would say on the console what these tests provoke.
setLogger({ error: () => undefined, warn: () => undefined })

type Place = { tenant: TestTenant; key: string; app: App; port: number }
const apps: App[] = []
after(() => Promise.all(apps.map((app) => app.close())))

/** A server with the limits on. */
async function serve(): Promise<App> {
  const app = await appWith({ RATE_LIMIT: 'on' })
  apps.push(app)
  await app.http.listen({ port: 0, host: '127.0.0.1' })
  return app
}
let shared: Promise<App> | undefined

/** A company in which sensors make themselves. Its tier is known to a server that starts after it. */
async function place(tier = 'standard'): Promise<Place> {
  const tenant = await newTenant({ tier, configuration: { ingest: { create_sensors: true } } })
  await plantOf(tenant)
  const made = await tenant.admin.call('POST', '/api-keys', { name: 'agent', permissions: ['readings.write'] })
  const app = await (tier === 'standard' ? (shared ??= serve()) : serve())
  const { port } = app.http.server.address() as net.AddressInfo
  return { tenant, key: made.body.key as string, app, port }
}

async function readingsOf({ tenant }: Place, source: string): Promise<[number, number][]> {
  const found = await tenant.admin.call('GET', `/plant-ops/sensors?source=${encodeURIComponent(source)}`)
  const id = found.body.items[0]?.id as string
  const { body } = await tenant.admin.call('GET', `/plant-ops/sensors/${id}/readings?limit=1000`)
  return (body.items as { ts: string; value: number }[]).map(({ ts, value }) => [Date.parse(ts), value])
}

function writer(
  { key, port }: Place,
  precision: WritePrecisionType = 'ms',
  more: Partial<WriteOptions> = {},
  token = key,
) {
  const failures: { error: Error; attempt: number }[] = []
  let written = 0
  const options = { batchSize: 100, flushInterval: 0, gzipThreshold: 100, maxRetries: 3, ...more }
  const api = new InfluxDB({ url: `http://127.0.0.1:${port}`, token }).getWriteApi('acme', 'plant', precision, {
    ...options,
    writeFailed: (error, _lines, attempt) => void failures.push({ error, attempt }),
    writeSuccess: (lines) => void (written += lines.length),
  })
  /** A full batch is on its way as soon as it is full; the client waits for the last alone. */
  const settled = async (count: number): Promise<void> => {
    for (const end = Date.now() + 30_000; written < count && failures.length === 0 && Date.now() < end;) await sleep(10)
    assert.deepEqual([written, failures], [count, []])
  }
  const failed = (at = 0): HttpError => {
    const error = failures[at]?.error
    assert.ok(error instanceof HttpError, String(error))
    return error
  }
  return { api, failures, failed, settled }
}

const MINUTE = Math.floor(Date.now() / 60_000) * 60_000

test('the official client of InfluxDB writes batches, packed, in each of its precisions', async () => {
  const here = await place()
  const finer = { ns: '123456', us: '123', ms: '', s: '' }
  for (const [i, precision] of (['ns', 'us', 'ms', 's'] as const).entries()) {
    const { api, settled } = writer(here, precision)
    api.useDefaultTags({ site: 'Forlì, 2' })
    for (let n = 0; n < 150; n += 1) {
      const at = MINUTE - 3_600_000 * (i + 1) + n * 1_000
      const time = precision === 's' ? String(at / 1_000) : `${at}${finer[precision]}`
      const point = new Point('boiler')
        .tag('room=', 'a b')
        .floatField('temp', n / 2)
        .intField('n', n)
        .timestamp(time)
      api.writePoint(
        point
          .booleanField('on', n % 2 === 0)
          .uintField('u', n)
          .stringField('note', 'two\nlines, "quoted" \\'),
      )
    }
    await api.flush()
    await settled(150)
    await api.close()
  }
  const tags = String.raw`room\==a\ b,site=Forlì\,\ 2`
  const temp = await readingsOf(here, `boiler,${tags} temp`)
  assert.equal(temp.length, 600)
  assert.deepEqual(temp.slice(0, 2), [
    [MINUTE - 14_400_000, 0],
    [MINUTE - 14_399_000, 0.5],
  ])
  assert.deepEqual(
    await Promise.all(
      ['n', 'on', 'u'].map(async (field) => (await readingsOf(here, `boiler,${tags} ${field}`))[3]![1]),
    ),
    [3, 0, 3],
  )
})

test('what is refused for good is told as such: the client drops it and does not come back', async () => {
  const here = await place()
  const { api, failures, failed } = writer(here)
  api.writeRecords([`m v=1 ${MINUTE}`, 'broken', `m v=2 ${MINUTE + 1}`])
  await assert.rejects(api.flush(true))
  assert.deepEqual(
    [failures.length, failed().statusCode, failed().code, failed().canRetry()],
    [1, 400, 'invalid', false],
  )
  assert.match(failed().message, /^partial write: line 2: .* dropped=1 written=2$/)
  assert.equal(api.dispose(), 0, 'nothing is kept to be sent again')
  assert.equal((await readingsOf(here, 'm v')).length, 2)
  const stranger = writer(here, 'ms', {}, 'nonsense')
  stranger.api.writeRecord('m v=1')
  await assert.rejects(stranger.api.flush(true))
  assert.deepEqual([stranger.failed().statusCode, stranger.failed().code], [401, 'unauthorized'])
  assert.equal(stranger.api.dispose(), 0)
})

test('while the company cannot be written to, the client is told when to come again, and then loses nothing', async () => {
  const here = await place()
  const { api, failed } = writer(here, 'ms', { batchSize: 1_000 })
  await here.app.deps.installation.custody.run(async ({ db }: Custody<AllTables>) => {
    // As the last step of a move holds it.
    await sql`select pg_advisory_xact_lock(uuid_hash_extended(${here.tenant.id}, 0))`.execute(db)
    for (let n = 0; n < 150; n += 1) api.writeRecord(`m v=${n} ${MINUTE - n}`)
    await assert.rejects(api.flush())
    assert.deepEqual([failed().statusCode, failed().code, failed().retryAfter() > 0], [503, 'unavailable', true])
  })
  await api.flush(true)
  await api.close()
  assert.equal((await readingsOf(here, 'm v')).length, 150)
})

test('readings count against the company’s minute, whatever address they come by; a batch beyond a minute is too large', async () => {
  const here = await place('free')
  const lines = (count: number, from: number) =>
    Array.from({ length: count }, (_, n) => `m v=${n} ${MINUTE - from - n}`)
  const { api, failures, failed } = writer(here, 'ms', { batchSize: 10_000 })
  api.writeRecords(lines(6_001, 0))
  await assert.rejects(api.flush())
  assert.deepEqual([failed().statusCode, failed().canRetry()], [413, false])
  api.writeRecords(lines(4_000, 0))
  await api.flush()
  api.writeRecords(lines(4_000, 4_000))
  await assert.rejects(api.flush())
  assert.deepEqual([failures.length, failed(1).statusCode, failed(1).code], [2, 429, 'too many requests'])
  assert.ok(failed(1).canRetry() && failed(1).retryAfter() > 0)
  assert.equal(api.dispose(), 4_000, 'it is kept to be sent again')
  const headers = { authorization: `Token ${here.key}` }
  const old = await here.app.http.inject({
    method: 'POST',
    url: '/write?db=x&precision=ms',
    headers,
    body: lines(3_000, 9_000).join('\n'),
  })
  assert.equal(old.statusCode, 503, 'agents of version 1 drop what a 429 refuses')
  assert.ok(Number(old.headers['retry-after']) > 0)
  const bulk = (body: string) =>
    here.app.http.inject({
      method: 'POST',
      url: '/api/v1/plant-ops/sensors/readings/bulk',
      headers: { authorization: `Bearer ${here.key}`, 'content-type': 'text/plain' },
      body,
    })
  assert.equal((await bulk(lines(3_000, 9_000).join('\n'))).statusCode, 429)
  const whole = await bulk(lines(6_001, 9_000).join('\n'))
  assert.deepEqual([whole.statusCode, whole.json().error.code], [413, 'request.too_many_readings'])
})

test('who guesses keys is counted by address', async () => {
  const { app } = await place()
  const guess = () =>
    app.http.inject({
      method: 'POST',
      url: '/api/v2/write',
      headers: { authorization: 'Token guess' },
      remoteAddress: '192.0.2.77',
    })
  const all: number[] = []
  for (let n = 0; n <= app.deps.config.RATE_LIMIT_PER_MINUTE; n += 1) all.push((await guess()).statusCode)
  assert.deepEqual([all[0], all.at(-2), all.at(-1)], [401, 401, 429])
})

/** Sends bytes as they are, and answers the status line, the headers and the body of each answer. */
async function raw(port: number, ...requests: (string | Buffer)[][]): Promise<string[]> {
  const socket = net.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const answers: string[] = []
  for (const request of requests) {
    let text = ''
    const answered = new Promise<void>((resolve, reject) => {
      const data = (piece: Buffer): void => {
        text += piece.toString('latin1')
        const [head, body] = text.split('\r\n\r\n')
        if (body === undefined) return
        if (body.length < Number(/content-length: (\d+)/i.exec(head!)?.[1] ?? 0)) return
        socket.off('data', data)
        resolve()
      }
      socket.on('data', data)
      socket.once('error', reject)
    })
    for (const piece of request) socket.write(piece)
    await answered
    answers.push(text)
  }
  socket.destroy()
  return answers
}
const chunked = (body: Buffer): (string | Buffer)[] => [`${body.length.toString(16)}\r\n`, body, '\r\n0\r\n\r\n']
const AGENT = 'User-Agent: Telegraf/1.36.4 Go/1.25.3'

test('Telegraf’s output for InfluxDB 2: chunked, gzip, a token, texts with line breaks', async () => {
  const here = await place()
  const line = (n: number) =>
    `cpu,cpu=cpu0,host=plc-1 usage_idle=${90 + n}.5,usage_user=${n}i,note="two\nlines\\\\",up=true ${MINUTE - n * 10_000}000000\n`
  const head = [
    'POST /api/v2/write?bucket=plant&org=acme HTTP/1.1',
    ...[`Host: 127.0.0.1:${here.port}`, AGENT, 'Transfer-Encoding: chunked', `Authorization: Token ${here.key}`],
    ...['Content-Encoding: gzip', 'Content-Type: text/plain; charset=utf-8', 'Accept-Encoding: gzip', '', ''],
  ].join('\r\n')
  const batch = (...ns: number[]) => [head, ...chunked(gzipSync(ns.map(line).join('')))]
  const answers = await raw(here.port, batch(2, 1), batch(2, 1), batch(0))
  for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 204 No Content\r\n/)
  assert.deepEqual(
    (await readingsOf(here, 'cpu,cpu=cpu0,host=plc-1 usage_idle')).map(([, value]) => value),
    [92.5, 91.5, 90.5],
  )
})

test('Telegraf’s output for InfluxDB 1 makes its database, and writes as with any other server', async () => {
  const here = await place()
  const basic = `Authorization: Basic ${Buffer.from(`telegraf:${here.key}`).toString('base64')}`
  const form = 'q=CREATE+DATABASE+%22telegraf%22'
  const create = [
    'POST /query HTTP/1.1',
    ...[`Host: 127.0.0.1:${here.port}`, AGENT, `Content-Length: ${form.length}`, basic],
    ...['Content-Type: application/x-www-form-urlencoded', 'Accept-Encoding: gzip', '', form],
  ].join('\r\n')
  const write = [
    'POST /write?consistency=any&db=telegraf HTTP/1.1',
    ...[`Host: 127.0.0.1:${here.port}`, AGENT, 'Transfer-Encoding: chunked', basic],
    ...['Content-Encoding: gzip', 'Content-Type: text/plain; charset=utf-8', 'Accept-Encoding: gzip', '', ''],
  ].join('\r\n')
  const body = gzipSync(`disk,path=/ used_percent=41.25,free=17i ${MINUTE}000000\n`)
  const ping = `GET /ping HTTP/1.1\r\nHost: 127.0.0.1:${here.port}\r\n${AGENT}\r\nAccept-Encoding: gzip\r\n\r\n`
  const [pinged, created, written] = await raw(here.port, [ping], [create], [write, ...chunked(body)])
  assert.match(pinged!, /^HTTP\/1\.1 204 [\s\S]*x-influxdb-version: officina-/i)
  assert.match(created!, /^HTTP\/1\.1 200 [\s\S]*\{"results":\[\{"statement_id":0\}\]\}$/)
  assert.match(written!, /^HTTP\/1\.1 204 /)
  assert.deepEqual(await readingsOf(here, 'disk,path=/ used_percent'), [[MINUTE, 41.25]])
  const query = (q: string, headers = { authorization: `Token ${here.key}` }) =>
    here.app.http.inject({ url: `/query?q=${encodeURIComponent(q)}`, headers })
  assert.equal((await query('create database telegraf with duration 3d;')).statusCode, 200)
  for (const other of ['select * from cpu', 'DROP DATABASE telegraf', 'create database x; drop database y', '']) {
    const answer = await query(other)
    assert.deepEqual([answer.statusCode, answer.json().code], [400, 'invalid'], other)
  }
  assert.equal((await query('create database x', { authorization: 'Token nonsense' })).statusCode, 401)
})
