/** Receivers on sockets, and an application that may call them. */
import assert from 'node:assert/strict'
import { createHmac, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { sql } from 'kysely'
import type { App } from '../../../app.ts'
import { appWith, request, testApp, type Answer, type TestTenant, type TestUser } from '../../../test/harness.ts'
import { parseNetwork } from '../../http/outgoing/addresses.ts'
import { custodyRun, until, withWorker } from '../../jobs/jobs.fixture.ts'

type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void
export type Received = { headers: http.IncomingHttpHeaders; body: string; at: number }
export type Receiver = {
  url: string
  got: Received[]
  /** What it answers from now on. */
  answer: (how: Handler) => void
  close: () => void
}

const fine: Handler = (_, response) => void response.writeHead(204).end()

/** Answers 204 until told otherwise. */
export async function openReceiver(port = 0): Promise<Receiver> {
  const got: Received[] = []
  let how: Handler = fine
  const server = http.createServer((asked, response) => {
    const chunks: Buffer[] = []
    asked.on('data', (chunk: Buffer) => chunks.push(chunk))
    asked.on('end', () => {
      got.push({ headers: asked.headers, body: Buffer.concat(chunks).toString(), at: Date.now() })
      how(asked, response)
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    got,
    answer: (next) => void (how = next),
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** As a receiver would who has read the standard and not our code. */
export function isSigned({ headers, body }: Received, secret: string): boolean {
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((one) =>
    String(headers[one]),
  ) as [string, string, string]
  assert.match(timestamp, /^\d{10}$/)
  assert.ok(Math.abs(Date.now() / 1000 - Number(timestamp)) < 60, 'the time of the attempt')
  assert.ok(!id.includes('.'))
  assert.match(secret, /^whsec_[A-Za-z0-9+/]+=*$/)
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  assert.ok(key.length >= 24 && key.length <= 64)
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest()
  return signatures.split(' ').some((one) => {
    const [version, text] = one.split(',') as [string, string]
    const given = Buffer.from(text, 'base64')
    return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected)
  })
}

let opened: Promise<App> | undefined
/** May call loopback by http. */
export const hookApp = (): Promise<App> =>
  (opened ??= appWith({ outgoingHttp: true, outgoingAllowed: [parseNetwork('127.0.0.0/8')!] }))

export const call = async (
  { token }: TestUser,
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
): Promise<Answer> =>
  request(method, `/api/v1${path}`, { token, body, app: await hookApp(), ...(headers && { headers }) })

type Hook = { id: string; secret: string }
export async function newHook({ admin }: TestTenant, url: string, more: object = {}): Promise<Hook> {
  const { status, body, text } = await call(admin, 'POST', '/webhooks', { url, event_types: ['PlantCreated'], ...more })
  assert.equal(status, 201, text)
  return body as Hook
}

let made = 0
/** A change that is told; answers with the plant's id. */
export async function makePlant({ admin }: { admin: TestUser }): Promise<string> {
  made += 1
  const code = `W-${process.pid}-${made}`
  const plant = { name: code, code, type: 'Wind', status: 'In Operation', power_kw: 10 }
  const { body, status, text } = await admin.call('POST', '/plants', plant)
  assert.equal(status, 201, text)
  return body.id as string
}

/** Workers of webhooks, and of nothing else. */
export const withSenders = async <T>(use: () => Promise<T>): Promise<T> => {
  const jobs = (await hookApp()).jobs.filter(({ kind }) => kind.name.startsWith('webhooks.'))
  return withWorker(jobs, use)
}

export const deliveriesOf = async (user: TestUser, hookId: string, query = ''): Promise<Record<string, unknown>[]> =>
  (await call(user, 'GET', `/webhooks/${hookId}/deliveries${query}`)).body.items

/** Waits until the log of a webhook has so many in a state. */
export const deliveriesIn = async (user: TestUser, hookId: string, state: string, count = 1) => {
  await until(async () => (await deliveriesOf(user, hookId, `?state=${state}`)).length >= count)
  return deliveriesOf(user, hookId, `?state=${state}`)
}

/** The clock of waits: what is due later is due now. */
export const hurry = (tenantId: string): Promise<void> =>
  custodyRun(async ({ db }) => {
    await sql`update control.jobs set run_at = now() where tenant_id = ${tenantId} and kind = 'webhooks.deliver' and state = 'delayed'`.execute(
      db,
    )
    await sql`update control.webhooks set resting_until = null where tenant_id = ${tenantId}`.execute(db)
  })

export const inCustody = custodyRun
export { testApp, until }
