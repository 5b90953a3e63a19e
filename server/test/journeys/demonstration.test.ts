import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { newHome, start, type Running } from './release.ts'

type Latest = { items: { sensor_id: string; reading: { ts: string } | null }[] }
type Lines = { items: { id: string; status: string; created_at: string; status_since: string }[] }

async function signIn({ url }: Running): Promise<<T>(path: string) => Promise<T>> {
  const body = JSON.stringify({ email: 'viewer@pasta.example', password: 'officina-demo' })
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${url}/api/v1/auth/login`, { method: 'POST', headers, body })
  const { access_token } = (await answer.json()) as { access_token: string }
  return async <T>(path: string) =>
    (await (await fetch(`${url}/api/v1${path}`, { headers: { authorization: `Bearer ${access_token}` } })).json()) as T
}

/** Asks until it is so; a minute at the most. */
async function until<T>(ask: () => Promise<T>, isSo: (answer: T) => boolean): Promise<T> {
  let answer = await ask()
  for (let tries = 0; !isSo(answer) && tries < 300; tries++) {
    await sleep(200)
    answer = await ask()
  }
  assert.ok(isSo(answer), JSON.stringify(answer).slice(0, 2000))
  return answer
}

const allSince =
  (time: number) =>
  ({ items }: Latest): boolean =>
    items.length > 0 && items.every(({ reading }) => reading !== null && Date.parse(reading.ts) > time)

test('a line runs in the demonstration, with months of readings, and goes on after a kill', async () => {
  const home = newHome()
  const first = await start(home, { OFFICINA_DEMO: 'on' })
  const get = await signIn(first)
  await until(() => get<Latest>('/plant-ops/sensors/readings/latest'), allSince(Date.now() - 900_000))
  const { items: lines } = await until(
    () => get<Lines>('/plant-ops/lines'),
    ({ items }) => items.length > 0 && items[0]!.status !== 'idle',
  )
  await first.stop('SIGKILL')

  const killed = Date.now()
  const second = await start(home, { OFFICINA_DEMO: 'on' })
  const ask = await signIn(second)
  const { items } = await until(() => ask<Latest>('/plant-ops/sensors/readings/latest'), allSince(killed))
  const month = `from=${new Date(killed - 80 * 86_400_000).toISOString()}&to=${new Date(killed - 50 * 86_400_000).toISOString()}`
  const days = await ask<{ items: { count: number }[] }>(
    `/plant-ops/sensors/${items[0]!.sensor_id}/readings?bucket=1d&${month}`,
  )
  const count = days.items.reduce((sum, one) => sum + one.count, 0)
  assert.equal(count, 30 * 96, 'one reading in each quarter of an hour, and none twice')
  assert.deepEqual(
    (await ask<Lines>('/plant-ops/lines')).items.map(({ id }) => id),
    lines.map(({ id }) => id),
  )
  assert.equal((await second.stop()).code, 0)
})
