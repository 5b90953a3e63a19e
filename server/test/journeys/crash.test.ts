import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AllTables } from '#tables'
import type { Custody } from '#platform/database/custody.ts'
import { directly } from './directly.ts'
import { newHome, postmasterOf, start, type Running } from './release.ts'

type Victims = 'the process' | 'PostgreSQL' | 'both'
const WITHOUT_LIMITS = { RATE_LIMIT: 'off' }

async function post(url: string, path: string, body: object, token?: string): Promise<Record<string, string>> {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
  const answer = await fetch(`${url}/api/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  assert.ok(answer.ok, `${answer.status}`)
  return (await answer.json()) as Record<string, string>
}

/** A company with places for many plants, and the token of whoever registered it: sessions outlive a crash too. */
async function company({ url, home }: Running): Promise<string> {
  const [email, password] = ['anna@journey.example', 'a password of some length']
  const person = { email, password, name: 'Anna', surname: 'Bianchi', tenant_name: 'Journey' }
  const { tenant_id } = await post(url, '/auth/register', person)
  await directly(home, ({ custody }) =>
    custody.run(({ db }: Custody<AllTables>) =>
      db.updateTable('control.tenants').set({ max_plants: 1_000_000 }).where('id', '=', tenant_id!).execute(),
    ),
  )
  return (await post(url, '/auth/login', { email, password }))['access_token']!
}

/** Four writers at once until the kill ends them; answers with what was acknowledged. */
async function writeUntilKilled(url: string, token: string, kill: () => Promise<void>): Promise<string[]> {
  const acknowledged: string[] = []
  let over = false
  const write = async (): Promise<void> => {
    while (!over) {
      const plant = {
        name: 'Plant',
        code: `C-${randomInt(2 ** 47)}`,
        type: 'Wind',
        status: 'In Operation',
        power_kw: 1000,
      }
      acknowledged.push((await post(url, '/plants', plant, token))['id']!)
    }
  }
  const writers = [1, 2, 3, 4].map(() => write().catch(() => undefined))
  // In the middle of a stream, also on a busy machine.
  while (acknowledged.length < 20) await sleep(5)
  await sleep(randomInt(50, 400))
  await kill()
  over = true
  await Promise.all(writers)
  return acknowledged
}

async function plantIds(url: string, token: string): Promise<Set<string>> {
  const found = new Set<string>()
  for (let offset = 0; ; offset += 200) {
    const query = `sort=id&limit=200&offset=${offset}`
    const answer = await fetch(`${url}/api/v1/plants?${query}`, { headers: { authorization: `Bearer ${token}` } })
    const { items } = (await answer.json()) as { items: { id: string }[] }
    for (const { id } of items) found.add(id)
    if (items.length < 200) return found
  }
}

async function killed(victims: Victims): Promise<void> {
  const home = newHome()
  let running = await start(home, WITHOUT_LIMITS)
  const token = await company(running)
  const acknowledged = new Set<string>()
  for (let round = 0; round < 2; round++) {
    const added = await writeUntilKilled(running.url, token, async () => {
      if (victims !== 'the process') process.kill(postmasterOf(home), 'SIGKILL')
      if (victims !== 'PostgreSQL') running.child.kill('SIGKILL')
      const { code } = await running.exit
      if (victims === 'PostgreSQL') assert.equal(code, 1, running.output())
    })
    for (const id of added) acknowledged.add(id)
    running = await start(home, WITHOUT_LIMITS)
    const found = await plantIds(running.url, token)
    assert.deepEqual(
      [...acknowledged].filter((id) => !found.has(id)),
      [],
    )
    assert.equal((await fetch(`${running.url}/health`)).status, 200)
  }
  assert.deepEqual(await running.stop(), { code: 0, signal: null })
}

for (const victims of ['the process', 'PostgreSQL', 'both'] as const) {
  test(`after kill -9 of ${victims} it starts again and nothing that was acknowledged is lost`, () => killed(victims))
}

test('a second start on one home says who holds it and ends with exit 2, and the first goes on', async () => {
  const home = newHome()
  const first = await start(home)
  const second = start(home).then(
    () => assert.fail('two processes on one home'),
    (error: Error) => error.message,
  )
  const said = await second
  assert.match(said, /"code":2/)
  assert.match(said, new RegExp(`in use by process ${first.child.pid}`))
  assert.equal((await fetch(`${first.url}/health`)).status, 200)
  await first.stop()
})
