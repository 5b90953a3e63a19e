/** Copies as an administrator makes them: processes, files, kill -9, another PostgreSQL, the next release. */
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { cpSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { elsewhere, everyRow, room } from '#platform/copies/copies.fixture.ts'
import { addPlantTo, inhabit, type Inhabitant } from '#platform/copies/inhabitants.fixture.ts'
import { inOneWrite } from '#platform/copies/rows.ts'
import type { Installation } from '#platform/database/installation.ts'
import { directly } from './directly.ts'
import { newHome, nextRelease, run, start } from './release.ts'

/** `COPIES_READINGS=1000000 npm test -- journeys/copies` measures; what is usual only proves. */
const READINGS = Number(process.env['COPIES_READINGS'] ?? 20_000)
const PHRASE = 'correct horse battery\n'
type Said = { code: number | null; output: string }
async function officina(
  home: string,
  args: string[],
  more: Record<string, string> = {},
  release?: string,
): Promise<Said> {
  const { exit, output } = run('cli/officina.ts', home, args, more, release, PHRASE)
  const { code } = await exit
  return { code, output: output() }
}
async function done(
  home: string,
  args: string[],
  more: Record<string, string> = {},
  release?: string,
): Promise<string> {
  const { code, output } = await officina(home, args, more, release)
  assert.equal(code, 0, output)
  return output
}

/** Tables to which rows are only added, so that what a copy holds must still be there. */
const ADDED_TO = ['events', 'event_positions', 'audit_chain', 'accounts', 'credentials', 'users', 'roles', 'tenants']

async function rowsOf(installation: Installation, own: string): Promise<Record<string, string[]>> {
  const control = await everyRow(installation, 'control')
  return {
    ...Object.fromEntries(ADDED_TO.map((table) => [`control.${table}`, control[table]!])),
    ...Object.fromEntries(
      Object.entries(await everyRow(installation, 'shared')).map(([table, rows]) => [`shared.${table}`, rows]),
    ),
    ...Object.fromEntries(
      Object.entries(await everyRow(installation, own)).map(([table, rows]) => [`own.${table}`, rows]),
    ),
  }
}

/** Plants whose changes are acknowledged, until it is stopped. */
function load(installation: Installation, tenants: readonly Inhabitant[]) {
  const acknowledged: string[] = []
  let stopped = false
  const writers = [0, 1, 2, 3].map(async (writer) => {
    while (!stopped) acknowledged.push(await addPlantTo(installation, tenants[writer % tenants.length]!.tenantId))
  })
  const stop = async (): Promise<string[]> => {
    stopped = true
    await Promise.all(writers)
    return acknowledged
  }
  return { acknowledged, stop }
}

test(
  'a backup taken under load, restored on another embedded server and on another PostgreSQL, is one state, row by row',
  { timeout: 180_000 },
  async () => {
    using files = room()
    const path = files.path('loaded.backup')
    const home = newHome()
    const server = await start(home)
    const { was, before, own } = await directly(home, async (installation) => {
      const tenants = [await inhabit(installation, 'shared'), await inhabit(installation, 'schema')]
      const writing = load(installation, tenants)
      while (writing.acknowledged.length < 40) await sleep(20)
      const known = [...writing.acknowledged]
      await done(home, ['backup', '--to', path, '--passphrase-stdin'])
      const all = await writing.stop()
      assert.ok(all.length > known.length, 'it was written to meanwhile')
      return { was: await rowsOf(installation, tenants[1]!.schema), before: known, own: tenants[1]!.schema }
    })
    await server.stop()
    await done(newHome(), ['verify', path, '--passphrase-stdin'])

    const there = newHome()
    await done(there, ['restore', path, '--passphrase-stdin'])
    await using external = await elsewhere()
    await done(newHome(), ['restore', path, '--passphrase-stdin'], external.settings)
    const restored = await start(there)
    const is = await directly(there, (installation) => rowsOf(installation, own))
    await restored.stop()

    for (const [table, rows] of Object.entries(is)) {
      const known = new Set(was[table])
      // What had no place in the order of events yet is given one by the server that was started.
      const placed = /event_positions|audit_chain/.test(table)
      if (!placed)
        assert.deepEqual(
          rows.filter((row) => !known.has(row)),
          [],
          `${table} holds a row that never was`,
        )
    }
    const plants = [...is['shared.plants']!, ...is['own.plants']!].map((row) => row.split('\t')[1]!)
    assert.deepEqual(
      before.filter((id) => !plants.includes(id)),
      [],
      'what was acknowledged before is there',
    )
    assert.ok(plants.length < was['shared.plants']!.length + was['own.plants']!.length, 'the load went on')
    for (const place of ['shared', 'own']) {
      const count = is[`${place}.plants`]!.length
      assert.ok(count > 20)
      for (const table of ['plant_registries', 'sensors', 'audit'])
        assert.equal(is[`${place}.${table}`]!.length, count, table)
    }
    assert.equal(is['control.events']!.length, plants.length)
    const onExternal = await rowsOf(external.installation, own)
    for (const [table, rows] of Object.entries(onExternal))
      if (!/event_positions|audit_chain/.test(table)) assert.deepEqual(rows, is[table], table)
  },
)

/** Runs a command and says how long it took and how much memory it had at most, where the system tells. */
async function measured(home: string, args: string[]): Promise<string> {
  const began = performance.now()
  const { child, exit, output } = run('cli/officina.ts', home, args, {}, undefined, PHRASE)
  let peak = ''
  const clock = setInterval(() => {
    try {
      peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? peak
    } catch {
      // Gone, or no such file here.
    }
  }, 20)
  const { code } = await exit
  clearInterval(clock)
  assert.equal(code, 0, output())
  return `${((performance.now() - began) / 1000).toFixed(1)} s, ${Math.round(Number(peak) / 1024)} MiB at most`
}

/** Of every row, in no order: equal where all rows are. */
const SUM = `select count(*)::int as rows, sum(hashtextextended(r::text, 0))::text as sum from shared.reading_revisions r`
const custodyQuery = (installation: Installation, text: string) =>
  inOneWrite(installation.custody, async (client) => (await client.query(text)).rows)

test(`many readings go through in constant memory (${READINGS})`, { timeout: 1_800_000 }, async (t) => {
  using files = room()
  const path = files.path('many.backup')
  const home = newHome()
  const server = await start(home)
  const was = await directly(home, async (installation) => {
    const { tenantId, plantId } = await inhabit(installation, 'shared')
    await custodyQuery(
      installation,
      `insert into shared.reading_revisions (tenant_id, sensor_id, plant_id, at_ms, revision, value, score, mark, replaced_at)
       select '${tenantId}', s.id, '${plantId}', n * 900000::bigint, 1, round((random() * 1000)::numeric, 3), 0, 1, now()
         from shared.sensors s, generate_series(1, ${READINGS}) n where s.plant_id = '${plantId}'`,
    )
    return custodyQuery(installation, SUM)
  })
  const option = '--passphrase-stdin'
  t.diagnostic(`backup: ${await measured(home, ['backup', '--to', path, option])}`)
  t.diagnostic(`file: ${(statSync(path).size / 1e6).toFixed(1)} MB`)
  const { output } = await officina(home, ['verify', path, option])
  t.diagnostic(output.trim())
  t.diagnostic(`verify: ${await measured(home, ['verify', path, option])}`)
  await server.stop()
  const there = newHome()
  t.diagnostic(`restore: ${await measured(there, ['restore', path, option])}`)
  const running = await start(there)
  assert.deepEqual(await directly(there, (installation) => custodyQuery(installation, SUM)), was)
  await running.stop()
})

test('a restore that is killed at any moment is brought to its end by the next one', { timeout: 180_000 }, async () => {
  using files = room()
  const path = files.path('one.backup')
  const home = newHome()
  const server = await start(home)
  const own = await directly(home, async (installation) => {
    const { schema, tenantId } = await inhabit(installation, 'schema')
    for (let count = 0; count < 50; count++) await addPlantTo(installation, tenantId)
    return schema
  })
  await done(home, ['backup', '--to', path, '--passphrase-stdin'])
  await server.stop()
  const there = newHome()
  for (let kill = 0; kill < 3; kill++) {
    const restoring = run('cli/officina.ts', there, ['restore', path, '--passphrase-stdin'], {}, undefined, PHRASE)
    await sleep(randomInt(900, 2_500))
    restoring.child.kill('SIGKILL')
    await restoring.exit
  }
  const last = await officina(there, ['restore', path, '--passphrase-stdin'])
  // Where one of them had come to its end before it was killed, nothing is put over it.
  assert.ok(last.code === 0 || (last.code === 5 && last.output.includes('has data')), last.output)
  const running = await start(there)
  const plants = await directly(there, (installation) => everyRow(installation, own)).then((rows) => rows['plants']!)
  assert.equal(plants.length, 51)
  await running.stop()
})

test(
  'the next release takes in what this one wrote, migrated; this one refuses what the next one wrote',
  { timeout: 240_000 },
  async () => {
    using files = room()
    const home = newHome()
    const server = await start(home)
    const companies = await directly(home, async (installation) => [
      await inhabit(installation, 'shared'),
      await inhabit(installation, 'schema'),
    ])
    const out = (name: string) => ['--to', files.path(name), '--passphrase-stdin']
    await done(home, ['backup', ...out('today.backup')])
    for (const { slug } of companies) await done(home, ['tenant', 'export', slug, ...out(`${slug}.export`)])
    await server.stop()

    const release = nextRelease(
      `alter table plants add column shouted text; set local role officina_custody; update plants set shouted = upper(type); set local role officina_owner; alter table plants alter column shouted set not null;
     alter table plants drop column notes; create table of_tomorrow (tenant_id uuid not null, id uuid not null, primary key (tenant_id, id));
     select control.protect('of_tomorrow', null, 'select');`,
    )
    const shouted = async (at: string): Promise<string[]> => {
      const running = await start(at, {}, release)
      const rows = await directly(at, async (installation) => {
        const all = await Promise.all(['shared', companies[1]!.schema].map((schema) => everyRow(installation, schema)))
        return all.flatMap((tables) => tables['plants']!)
      })
      await running.stop()
      return rows.map((row) => row.split('\t').at(-1)!)
    }
    const restored = newHome()
    await done(restored, ['restore', files.path('today.backup'), '--passphrase-stdin'], {}, release)
    assert.deepEqual(await shouted(restored), ['WIND', 'WIND'])

    const imported = newHome()
    for (const { slug } of companies)
      await done(imported, ['tenant', 'import', files.path(`${slug}.export`), '--passphrase-stdin'], {}, release)
    assert.deepEqual(await shouted(imported), ['WIND', 'WIND'])

    await done(imported, ['backup', ...out('tomorrow.backup')], {}, release)
    await done(imported, ['tenant', 'export', companies[0]!.slug, ...out('tomorrow.export')], {}, release)
    const fresh = newHome()
    for (const command of [
      ['restore', files.path('tomorrow.backup')],
      ['tenant', 'import', files.path('tomorrow.export')],
    ]) {
      const { code, output } = await officina(fresh, [...command, '--passphrase-stdin'])
      assert.equal(code, 5, output)
      assert.match(output, /newer release/)
    }
  },
)

test('the command line says by its exit code what was wrong with a copy', { timeout: 120_000 }, async () => {
  using files = room()
  const home = newHome()
  const ends = async (at: string, args: string[], expected: number): Promise<void> => {
    const { code, output } = await officina(at, args)
    assert.equal(code, expected, output)
  }
  await ends(home, ['verify', files.path('none')], 3)
  cpSync(import.meta.filename, files.path('text'))
  await ends(home, ['verify', files.path('text')], 4)
  await done(home, ['backup', '--to', files.path('by-secret.backup')])
  await done(home, ['verify', files.path('by-secret.backup')])
  await ends(newHome(), ['verify', files.path('by-secret.backup')], 6)
  await ends(home, ['backup', '--to', files.path('by-secret.backup')], 5)
  await done(home, ['backup', '--prune'])
  const [name, ...more] = readdirSync(`${home}/backups`)
  assert.match(name!, /^officina-\d{8}T\d{6}Z\.backup$/)
  assert.deepEqual(more, [])
  assert.ok(!existsSync(files.path('none')))
  const running = await start(home)
  await ends(home, ['restore', files.path('by-secret.backup')], 2)
  await running.stop()
})
