import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { directly, makeTenant } from '#test/journeys/directly.ts'
import { newHome, run, start } from '#test/journeys/release.ts'

test('the command line shows how far subscribers are, sends one back, has failures tried again, and forgets one', async () => {
  const home = newHome()
  const server = await start(home)
  await directly(home, async (installation) => {
    await makeTenant(installation, 'shared')
    await installation.custody.run(async ({ db }) => {
      await sql`insert into control.event_subscribers (name, position) values ('old.one', 1000)`.execute(db)
      await sql`insert into control.event_failures (tenant_id, subscriber, sequence, position, subject, state)
                select id, 'old.one', 1, 1, 'plants/1', 'failed' from control.tenants`.execute(db)
    })
  })
  const officina = async (...args: string[]) => {
    const { exit, output } = run('cli/officina.ts', home, ['events', ...args])
    const { code } = await exit
    return { code, output: output() }
  }
  const status = await officina('status')
  assert.deepEqual([status.code, /old\.one .*not in this program/.test(status.output)], [0, true], status.output)
  assert.match((await officina('retry')).output, /^1 to be tried again/)
  assert.match((await officina('replay', 'old.one', '--from', '2020-01-01')).output, /^old\.one takes up to \d+ events/)
  assert.equal((await officina('replay', 'old.one', '--from', 'yesterday')).code, 2)
  assert.equal((await officina('replay', 'nobody', '--from', '1')).code, 3)
  assert.equal((await officina('forget', 'old.one')).code, 0)
  assert.equal((await officina('forget', 'old.one')).code, 3)
  await server.stop()
})
