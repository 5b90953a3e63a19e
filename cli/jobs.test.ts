import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { directly, makeTenant } from '#test/journeys/directly.ts'
import { newHome, run, start } from '#test/journeys/release.ts'

test('the command line lists jobs, tries the dead anew, cancels, and a worker of its own does what is due', async () => {
  const home = newHome()
  const server = await start(home, { OFFICINA_WORKER: 'off' })
  const [dead, tenants] = [uuidv7(), uuidv7()]
  await directly(home, async (installation) => {
    await makeTenant(installation, 'shared')
    await installation.custody.run(({ db }) =>
      sql`insert into control.jobs (id, tenant_id, kind, payload, priority, state, run_at, finished_at, last_error)
          select ${dead}::uuid, null::uuid, 'moves.clear', '{}'::jsonb, 0, 'failed', now(), now(), 'the disk was full'
          union all select ${tenants}, id, 'mail.send', '{}'::jsonb, 0, 'failed', now(), now(), null from control.tenants`.execute(
        db,
      ),
    )
  })
  const officina = async (...args: string[]) => {
    const { exit, output } = run('cli/officina.ts', home, ['jobs', ...args])
    const { code } = await exit
    return { code, output: output() }
  }
  const own = await officina('list', '--tenant', '-', '--state', 'failed')
  assert.match(own.output, new RegExp(`${dead} .*moves\\.clear .*failed .*the disk was full`))
  assert.ok(!own.output.includes(tenants))
  assert.ok((await officina('list')).output.includes(tenants))
  assert.equal((await officina('list', '--tenant', 'nobody')).code, 3)
  assert.equal((await officina('retry')).code, 2)
  assert.equal((await officina('retry', uuidv7())).code, 3)
  assert.match((await officina('retry', '--dead', '--kind', 'moves.clear')).output, /^1 to be tried anew/)
  assert.equal((await officina('retry', dead)).code, 5)
  assert.match((await officina('retry', tenants)).output, /^1 to be tried anew/)
  assert.match((await officina('cancel', tenants)).output, /^1 cancelled/)
  assert.equal((await officina('cancel', tenants)).code, 5)

  const worker = run('cli/officina.ts', home, ['worker'])
  let done = false
  for (let tries = 0; !done && tries < 100; tries++) {
    done = /completed/.test((await officina('list', '--tenant', '-', '--kind', 'moves.clear')).output)
    if (!done) await sleep(200)
  }
  assert.ok(done, worker.output())
  worker.child.kill('SIGTERM')
  assert.deepEqual(await worker.exit, { code: 0, signal: null }, worker.output())
  await server.stop()
})
