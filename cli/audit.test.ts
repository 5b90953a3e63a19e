import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { directly } from '#test/journeys/directly.ts'
import { newHome, run, start } from '#test/journeys/release.ts'

async function officina(home: string, ...args: string[]): Promise<{ code: number | null; output: string }> {
  const { exit, output } = run('cli/officina.ts', home, args, {})
  const { code } = await exit
  return { code, output: output() }
}
const inJson = async (home: string, ...args: string[]) => {
  const { code, output } = await officina(home, ...args, '--json')
  return { code, body: JSON.parse(output) }
}

test('a trail is sealed, exported and verified from the command line, and one that was changed ends with exit code 5', async () => {
  const home = newHome()
  const server = await start(home)
  const admin = ['--admin-email', 'a@acme.example', '--admin-name', 'Anna', '--admin-surname', 'Neri']
  assert.equal((await officina(home, 'tenant', 'create', 'acme', '--name', 'ACME', ...admin)).code, 0)
  assert.equal((await officina(home, 'tenant', 'suspend', 'acme')).code, 0)
  assert.equal((await officina(home, 'tenant', 'reactivate', 'acme')).code, 0)

  const sealed = await inJson(home, 'audit', 'seal', '--tenant', 'acme')
  assert.deepEqual([sealed.code, sealed.body[0].tenant, sealed.body[0].number], [0, 'acme', 3])
  const exported = await officina(home, 'audit', 'export', '--tenant', 'acme')
  const lines = exported.output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual([exported.code, lines.length, lines.at(-1).link], [0, 3, sealed.body[0].link])
  const verified = await inJson(home, 'audit', 'verify', '--tenant', 'acme', '--head', sealed.body[0].jws)
  assert.deepEqual([verified.code, verified.body[0].valid, verified.body[0].checked], [0, true, 3])
  assert.equal(verified.body[0].sealed.number, 3)
  assert.equal((await officina(home, 'audit', 'verify')).code, 0)

  await directly(home, ({ custody }) =>
    custody.run(({ db }) =>
      sql`update shared.audit set action = 'tenants.updated' where action = 'tenants.suspended'`.execute(db),
    ),
  )
  const broken = await officina(home, 'audit', 'verify')
  assert.equal(broken.code, 5)
  assert.match(broken.output, /acme +BROKEN entry_changed at 2/)
  assert.equal((await officina(home, 'audit', 'verify', '--tenant', 'nobody')).code, 3)
  assert.equal((await officina(home, 'audit', 'verify', '--head', 'x')).code, 2)
  await server.stop()
})
