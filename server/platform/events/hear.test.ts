import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { newTenant, testApp } from '#test/harness.ts'
import { openHearing } from './hear.ts'
import { tellMany } from './live.fixture.ts'

async function hearingPids(): Promise<number[]> {
  const { custody } = (await testApp()).deps.installation
  return custody.session(async (client) => {
    const { rows } = await client.query<{ pid: number }>(
      "select pid from pg_stat_activity where application_name = 'officina hearing' and datname = current_database()",
    )
    return rows.map(({ pid }) => pid)
  })
}

async function until(true_: () => Promise<boolean>): Promise<void> {
  for (const giveUp = Date.now() + 10_000; Date.now() < giveUp; await sleep(20)) if (await true_()) return
  assert.fail('It never came true')
}

test('what is numbered is heard; while nobody listens nothing is asked, and at the end nothing is left', async () => {
  const { deps } = await testApp()
  const { admin } = await newTenant()
  const others = await hearingPids()
  const mine = async (): Promise<number[]> => (await hearingPids()).filter((pid) => !others.includes(pid))
  const hearing = openHearing(deps.installation.urls.owner, deps.log)
  await sleep(50)
  assert.deepEqual(await mine(), [], 'nobody has asked yet')
  let heard = 0
  const leave = hearing.listen(() => void (heard += 1))
  await until(async () => (await mine()).length === 1)
  const before = heard
  await tellMany(admin, 1, 1)
  await until(async () => heard > before)
  leave()
  const after = heard
  await sleep(600)
  assert.equal(heard, after)
  await hearing.stop()
  await until(async () => (await mine()).length === 0)
})

test('a connection that is lost is made again; meanwhile one looks all the same', async () => {
  const { deps } = await testApp()
  const others = await hearingPids()
  const mine = async (): Promise<number | undefined> => (await hearingPids()).find((pid) => !others.includes(pid))
  const hearing = openHearing(deps.installation.urls.owner, deps.log)
  let heard = 0
  hearing.listen(() => void (heard += 1))
  await until(async () => (await mine()) !== undefined)
  const first = await mine()
  await deps.installation.custody.session((client) => client.query('select pg_terminate_backend($1)', [first]))
  const before = heard
  await until(async () => ![undefined, first].includes(await mine()))
  assert.ok(heard > before)
  await hearing.stop()
})

test('where no connection can be made one looks, and stopping does not wait for it', async () => {
  const { deps } = await testApp()
  const hearing = openHearing('postgres://nobody:nothing@127.0.0.1:1/none', deps.log)
  let heard = 0
  hearing.listen(() => void (heard += 1))
  await until(() => Promise.resolve(heard >= 2))
  await hearing.stop()
})
