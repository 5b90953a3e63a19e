/** A restore that is killed in the middle: the process, its PostgreSQL, or both. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { elsewhere, everyRow, room } from '#platform/copies/copies.fixture.ts'
import { inhabit } from '#platform/copies/inhabitants.fixture.ts'
import { inOneWrite } from '#platform/copies/rows.ts'
import { announcedServer } from '#platform/database/embedded/embedded-server.ts'
import type { Installation } from '#platform/database/installation.ts'
import { directly } from './directly.ts'
import { newHome, postmasterOf, run, start, type Spawned } from './release.ts'

const PHRASE = 'correct horse battery\n'
/** About 56 MB of one table, which are committed in four batches one after the other. */
const READINGS = 300_000

const officina = (home: string, args: string[], more: Record<string, string> = {}): Spawned =>
  run('cli/officina.ts', home, args, more, undefined, PHRASE)
async function ends(
  home: string,
  args: string[],
  more: Record<string, string> = {},
): Promise<{ code: number | null; output: string }> {
  const { exit, output } = officina(home, args, more)
  const { code } = await exit
  return { code, output: output() }
}

type Progress = { phase: string; part: number; bytes: number }

/** Where a restore stands, asked of its own PostgreSQL. */
async function progressOf(home: string): Promise<Progress | null> {
  const server = announcedServer(home)
  if (server === null) return null
  const client = new pg.Client(server)
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<Progress>('select phase, part, bytes::float8 as bytes from restoring.progress')
    return rows[0] ?? null
  } catch {
    // Not there yet, or not any more.
    return null
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Waits until a restore has come beyond where it stood; the commit that is seen may not be its last before it is killed. */
async function reaches(home: string, restoring: Spawned, beyond: (progress: Progress) => boolean): Promise<Progress> {
  let ended = false
  void restoring.exit.then(() => (ended = true))
  for (;;) {
    const stands = await progressOf(home)
    if (stands !== null && beyond(stands)) return stands
    assert.ok(!ended, `it ended before: ${restoring.output()}`)
    await sleep(5)
  }
}

const SUM = `select count(*)::int as rows, sum(hashtextextended(r::text, 0))::text as sum from shared.reading_revisions r`
async function heldBy(installation: Installation, own: string) {
  const rows = await Promise.all(['control', own].map((schema) => everyRow(installation, schema)))
  const { events, event_positions, audit_chain, accounts, credentials, users, tenants, signing_keys } = rows[0]!
  const { rows: readings } = await inOneWrite(installation.custody, (client) => client.query(SUM))
  return {
    events,
    event_positions,
    audit_chain,
    accounts,
    credentials,
    users,
    tenants,
    signing_keys,
    readings,
    own: rows[1],
  }
}

test(
  'a restore that is killed goes on where it was, and until it is at its end nothing starts',
  { timeout: 300_000 },
  async (t) => {
    using files = room()
    const [path, other, damaged] = [files.path('one.backup'), files.path('other.backup'), files.path('damaged.backup')]
    const home = newHome()
    const server = await start(home)
    const [was, own] = await directly(home, async (installation) => {
      const [{ tenantId, plantId }, { schema }] = [
        await inhabit(installation, 'shared'),
        await inhabit(installation, 'schema'),
      ]
      await inOneWrite(installation.custody, (client) =>
        client.query(
          `insert into shared.reading_revisions (tenant_id, sensor_id, plant_id, at_ms, revision, value, score, mark, replaced_at)
         select '${tenantId}', s.id, '${plantId}', n * 900000::bigint, 1, random(), 0, 1, now()
           from shared.sensors s, generate_series(1, ${READINGS}) n where s.plant_id = '${plantId}'`,
        ),
      )
      // What the server still has to do with them.
      await sleep(1_500)
      return [await heldBy(installation, schema), schema] as const
    })
    const backup = async (to: string): Promise<void> => {
      const { code, output } = await ends(home, ['backup', '--to', to, '--passphrase-stdin'])
      assert.equal(code, 0, output)
    }
    await backup(path)
    await backup(other)
    await server.stop()
    writeFileSync(damaged, readFileSync(path).subarray(0, -1000))

    const there = newHome()
    const restore = (file: string): Spawned => officina(there, ['restore', file, '--passphrase-stdin'])
    const stood: Progress[] = []
    for (const [who, beyond] of [
      ['the process', ({ phase, part }) => phase === 'rows' && part > 2],
      ['PostgreSQL', ({ bytes }) => bytes > 1e7],
      ['both', ({ bytes }) => bytes > stood.at(-1)!.bytes],
    ] as const satisfies [string, (stands: Progress) => boolean][]) {
      const restoring = restore(path)
      stood.push(await reaches(there, restoring, beyond))
      if (who !== 'the process') process.kill(postmasterOf(there), 'SIGKILL')
      if (who !== 'PostgreSQL') restoring.child.kill('SIGKILL')
      const { code } = await restoring.exit
      assert.equal(code, who === 'PostgreSQL' ? 7 : null, restoring.output())
      t.diagnostic(`${who}: ${JSON.stringify(stood.at(-1))}`)
    }

    await assert.rejects(start(there), /half restored|was broken off/)
    for (const [args, code, said] of [
      [['migrate'], 5, /was broken off/],
      [['migrate', '--plan'], 5, /was broken off/],
      [['tenant', 'list'], 5, /was broken off/],
      [['doctor'], 5, /half restored/],
      [['restore', damaged, '--passphrase-stdin'], 4, /cut short or changed/],
      [['restore', other, '--passphrase-stdin'], 5, /Another backup is half restored/],
    ] as const) {
      const ended = await ends(there, [...args])
      assert.equal(ended.code, code, `${args.join(' ')}: ${ended.output}`)
      assert.match(ended.output, said)
    }

    const last = await ends(there, ['restore', path, '--passphrase-stdin'])
    assert.equal(last.code, 0, last.output)
    assert.match(last.output, /It goes on after [1-9]\d? % of the rows/)
    const running = await start(there)
    assert.deepEqual(await directly(there, (installation) => heldBy(installation, own)), was)
    await running.stop()
  },
)

test('a server and a worker that start on a half restored database say so and end', { timeout: 120_000 }, async () => {
  await using there = await elsewhere(true)
  await there.installation.custody.session((client) =>
    client.query('set role officina_owner; create schema restoring; reset role'),
  )
  for (const command of ['serve', 'worker']) {
    const { code, output } = await ends(newHome(), [command], there.settings)
    assert.equal(code, 5, output)
    assert.match(output, /A restore of this database is under way or was broken off: officina restore/)
  }
})
