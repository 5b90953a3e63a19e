import assert from 'node:assert/strict'
import { randomBytes, randomInt } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { testApp } from '#test/harness.ts'
import { addPlant, directly, makeTenant, plantIds } from './directly.ts'
import { newHome, nextRelease, postmasterOf, run, start } from './release.ts'

const today = readdirSync(join(import.meta.dirname, '../../migrations/tenant')).length

/** What stands in each schema, as PostgreSQL and the book of migrations have it. */
const STANDS = `
  select m.schema, max(m.version)::int as version, count(*)::int as rows,
         to_regclass(format('%I.first_of_tomorrow', m.schema)) is not null as first,
         to_regclass(format('%I.second_of_tomorrow', m.schema)) is not null as second
    from control.migrations m where m.schema <> 'control' group by m.schema order by m.schema`
/** On a busy machine the new server may not have begun when its turn to be killed comes: the file names the last one. */
function killPostmaster(home: string): void {
  try {
    process.kill(postmasterOf(home), 'SIGKILL')
  } catch (error) {
    assert.match(String((error as { code?: string }).code), /^(ESRCH|ENOENT)$/)
  }
}

type Stands = { schema: string; version: number; rows: number; first: boolean; second: boolean }

test(
  'an upgrade of many tenant schemas that is killed again and again is completed by the next start',
  { timeout: 240_000 },
  async () => {
    const home = newHome()
    const before = await start(home)
    const tenants = await directly(home, async (installation) => {
      const ids: string[] = []
      for (let count = 0; count < 12; count++) ids.push(await makeTenant(installation, 'schema'))
      for (const id of ids) await addPlant(installation, id)
      return ids
    })
    await before.stop()

    const slow = 'do $$ begin perform pg_sleep(0.05); end $$;'
    const release = nextRelease(
      `create table first_of_tomorrow (tenant_id uuid not null, id uuid not null, primary key (tenant_id, id)); ${slow}
     select control.protect('first_of_tomorrow', null, 'select, insert');`,
      `${slow} create table second_of_tomorrow (tenant_id uuid not null, id uuid not null, primary key (tenant_id, id));
     select control.protect('second_of_tomorrow', null, 'select, insert');`,
    )
    for (let kill = 0; kill < 6; kill++) {
      const starting = run('server/main.ts', home, [], {}, release)
      await sleep(randomInt(700, 1_600))
      if (kill % 2 === 1) killPostmaster(home)
      starting.child.kill('SIGKILL')
      await starting.exit
    }

    const running = await start(home, {}, release)
    await directly(home, async (installation) => {
      const stands = await installation.custody.session(async (client) => (await client.query<Stands>(STANDS)).rows)
      assert.equal(stands.length, tenants.length + 1)
      for (const { schema, ...is } of stands) {
        assert.deepEqual(is, { version: today + 2, rows: today + 2, first: true, second: true }, schema)
      }
      for (const id of tenants) assert.equal((await plantIds(installation, id)).size, 1)
    })
    await running.stop()
  },
)

test(
  'a tenant schema that cannot be migrated stays served at its version, and the others go on to the new one',
  { timeout: 120_000 },
  async () => {
    const home = newHome()
    const before = await start(home)
    const [whole, broken] = await directly(home, async (installation) => {
      const ids = [await makeTenant(installation, 'schema'), await makeTenant(installation, 'schema')] as const
      const inTheWay = `t_${ids[1].replaceAll('-', '')}.first_of_tomorrow`
      await installation.custody.session((client) =>
        client.query(`set role officina_owner; create table ${inTheWay} (); reset role`),
      )
      return ids
    })
    await before.stop()

    const release = nextRelease(
      'create table first_of_tomorrow (tenant_id uuid);',
      'create table second_of_tomorrow (tenant_id uuid);',
    )
    const running = await start(home, {}, release)
    assert.match(running.output(), /a tenant schema was not migrated/)
    await directly(home, async (installation) => {
      const versions = await installation.custody.session(async (client) => {
        const { rows } = await client.query<Stands>(STANDS)
        return Object.fromEntries(rows.map((row) => [row.schema, row.version]))
      })
      const schemaOf = (id: string): string => `t_${id.replaceAll('-', '')}`
      assert.deepEqual(versions, { shared: today + 2, [schemaOf(whole)]: today + 2, [schemaOf(broken)]: today })
      for (const id of [whole, broken]) {
        const plant = await addPlant(installation, id)
        assert.deepEqual(await plantIds(installation, id), new Set([plant]))
      }
    })
    await running.stop()
  },
)

test(
  'processes that start at the same time on one empty database all come up, and it is migrated once',
  { timeout: 120_000 },
  async () => {
    const { installation } = (await testApp()).deps
    const url = new URL(process.env['DATABASE_DIRECT_URL'] ?? process.env['DATABASE_URL']!)
    const admin = new pg.Client({ connectionString: url.toString() })
    await admin.connect()
    const name = `officina_test_together_${randomBytes(4).toString('hex')}`
    await admin.query(`create database ${name}`)
    url.pathname = `/${name}`
    try {
      const settings = { DATABASE_URL: url.toString(), OFFICINA_SECRET: randomBytes(32).toString('hex') }
      const all = await Promise.all([1, 2, 3].map(() => start(newHome(), settings)))
      for (const { url: address } of all) assert.equal((await fetch(`${address}/health`)).status, 200)
      for (const { stop } of all) assert.deepEqual(await stop(), { code: 0, signal: null })
      assert.ok(installation.custody)
    } finally {
      await admin.query(`drop database ${name} with (force)`)
      await admin.query(`drop role if exists officina_login_app_${name}, officina_login_owner_${name}`)
      await admin.end()
    }
  },
)
