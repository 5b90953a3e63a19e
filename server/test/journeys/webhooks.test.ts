/** Webhooks through kill -9: every event that was acknowledged reaches its receiver, under one id. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isSigned, openReceiver } from '#platform/events/webhooks/webhooks.fixture.ts'
import { newHome, postmasterOf, start } from './release.ts'

const SETTINGS = { RATE_LIMIT: 'off', OUTGOING_ALLOW: '127.0.0.1' }

async function post(url: string, path: string, body: object, token?: string): Promise<Record<string, string>> {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
  const answer = await fetch(`${url}/api/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  assert.ok(answer.ok, `${answer.status} ${await answer.clone().text()}`)
  return (await answer.json()) as Record<string, string>
}

async function admin(url: string): Promise<string> {
  const [email, password] = ['anna@journey.example', 'a password of some length']
  await post(url, '/auth/register', { email, password, name: 'Anna', surname: 'Bianchi', tenant_name: 'Journey' })
  return (await post(url, '/auth/login', { email, password }))['access_token']!
}

const plant = (n: number) => ({ name: `P${n}`, code: `P-${n}`, type: 'Wind', status: 'In Operation', power_kw: 10 })

test('a delivery that was under way, or waited, when everything was killed is made after the start, with the same id', async () => {
  const [home, receiver] = [newHome(), await openReceiver()]
  const first = await start(home, SETTINGS)
  const token = await admin(first.url)
  const { secret } = await post(first.url, '/webhooks', { url: receiver.url, event_types: ['PlantCreated'] }, token)
  // Whoever is called holds the call: the kill comes in the middle of a delivery for certain.
  receiver.answer(() => undefined)
  const wanted = new Set<string>()
  for (let n = 0; n < 6; n++) wanted.add((await post(first.url, '/plants', plant(n), token))['id']!)
  for (let i = 0; i < 300 && receiver.got.length < 3; i++) await sleep(50)
  assert.equal(receiver.got.length, 3, first.output())
  const underWay = receiver.got.map(({ headers }) => String(headers['webhook-id']))
  process.kill(postmasterOf(home), 'SIGKILL')
  first.child.kill('SIGKILL')
  await first.exit

  receiver.answer((_, response) => response.writeHead(200).end())
  const second = await start(home, SETTINGS)
  const plantsGot = (): Set<string> =>
    new Set(receiver.got.slice(3).map(({ body }) => (JSON.parse(body) as { data: { plant_id: string } }).data.plant_id))
  // A worker that was killed is given up after 12 seconds.
  for (let i = 0; i < 1_200 && plantsGot().size < wanted.size; i++) await sleep(50)
  assert.deepEqual(plantsGot(), wanted, second.output())
  const after = receiver.got.slice(3)
  const ids = after.map(({ headers }) => String(headers['webhook-id']))
  for (const id of underWay) assert.ok(ids.includes(id), 'sent again under the same id')
  assert.equal(new Set(ids).size, wanted.size)
  assert.ok(after.every((one) => isSigned(one, secret!)))
  assert.deepEqual(await second.stop(), { code: 0, signal: null })
  receiver.close()
})
