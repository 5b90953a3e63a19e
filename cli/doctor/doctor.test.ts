import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import pg from 'pg'
import { backupName } from '#platform/copies/retention.ts'
import { newTenant, testApp } from '#test/harness.ts'
import { findPgBouncer, startPgBouncer } from '../../launch/pgbouncer.ts'
import { examineBackups } from './backups.ts'
import { examineBrokers } from './brokers.ts'
import type { Patient } from './database.ts'
import { examineEvents } from './events.ts'
import { examineFleet } from './fleet.ts'
import { examineIsolation } from './isolation.ts'
import { examinePooler } from './pooler.ts'
import { examineJobs } from './jobs.ts'
import { examineRoles } from './roles.ts'
import { examineSecrets } from './secrets.ts'
import type { Finding } from './finding.ts'

/** The database of this run, as an administrator sees it; what a test breaks is rolled back. */
async function withPatient(
  use: (patient: Patient, breakIt: (sql: string) => Promise<unknown>) => Promise<void>,
): Promise<void> {
  const { config, installation } = (await testApp()).deps
  const { urls, masters } = installation
  const client = new pg.Client({ connectionString: process.env['DATABASE_DIRECT_URL'] ?? process.env['DATABASE_URL'] })
  await client.connect()
  // The examinations open and roll back transactions of their own, which must not end the one that holds the damage.
  const inside = {
    query: (sql: string, values?: unknown[]) =>
      /^(begin|rollback)/.test(sql)
        ? client.query(sql.startsWith('begin') ? 'set local role officina_custody' : 'reset role')
        : client.query(sql, values),
  }
  const patient: Patient = {
    config,
    urls,
    masters,
    client: inside as unknown as pg.ClientBase,
    appLogin: decodeURIComponent(new URL(urls.app).username),
  }
  try {
    await client.query('begin')
    await use(patient, (sql) => client.query(sql))
  } finally {
    await client.query('rollback')
    await client.end()
  }
}
const wrong = (findings: Finding[]): string[] =>
  findings.filter(({ status }) => status !== 'ok').map(({ message }) => message)

test('a sound database has no findings', () =>
  withPatient(async (patient) => {
    for (const examine of [examineRoles, examineIsolation, examineFleet, examineSecrets]) {
      const findings = await examine(patient)
      assert.ok(findings.length > 0)
      assert.deepEqual(wrong(findings), [], examine.name)
    }
  }))

const damages: [
  promise: string,
  sql: (login: string) => string,
  examine: (patient: Patient) => Promise<Finding[]>,
  says: RegExp,
][] = [
  [
    'policies that are not forced',
    () => 'alter table shared.plants no force row level security',
    examineIsolation,
    /not forced on shared\.plants/,
  ],
  [
    'policies that are off',
    () => 'alter table shared.audit disable row level security',
    examineIsolation,
    /not forced on shared\.audit/,
  ],
  [
    'a table that is read without a policy',
    () => 'drop policy tenant on shared.plants',
    examineIsolation,
    /reads shared\.plants without a policy/,
  ],
  [
    'a function that trusts its caller’s path',
    () => 'alter function control.open_account(uuid) reset search_path',
    examineIsolation,
    /no search path of its own/,
  ],
  [
    'a function that everybody may call',
    () => 'grant execute on function control.open_system(uuid) to public',
    examineIsolation,
    /everybody may call/,
  ],
  [
    'an application that bypasses policies',
    (login) => `alter role "${login}" bypassrls`,
    examineRoles,
    /bypasses row-level security/,
  ],
  [
    'an application that can become custody',
    (login) => `grant officina_custody to "${login}"`,
    examineRoles,
    /can enter officina_custody/,
  ],
  [
    'an application that owns a table',
    () => 'alter table shared.plants owner to officina_app',
    examineRoles,
    /owns shared\.plants/,
  ],
  [
    'an application that may make tables',
    () => 'grant create on schema shared to officina_app',
    examineRoles,
    /may make objects in shared/,
  ],
  ['an extension that is missing', () => 'drop extension btree_gist cascade', examineRoles, /btree_gist missing/],
  [
    'a migration that was edited',
    () => "update control.migrations set hash = 'x' where schema = 'shared' and version = 1",
    examineFleet,
    /edited after it ran in shared/,
  ],
  [
    'a job that is dead',
    () =>
      `insert into control.jobs (id, kind, payload, priority, state, run_at, finished_at)
       values (gen_random_uuid(), 'test.doctor', '{}', 0, 'failed', now() - interval '1 hour', now())`,
    examineJobs,
    /dead \(.*test\.doctor/,
  ],
  [
    'jobs that nobody does',
    () =>
      `insert into control.jobs (id, kind, payload, priority, state, run_at, finished_at)
       values (gen_random_uuid(), 'test.doctor', '{}', 0, 'waiting', now() - interval '1 hour', null)`,
    examineJobs,
    /due for up to \d+ minutes/,
  ],
  [
    'an event that nobody numbers',
    () =>
      `insert into control.events (tenant_id, type, subject, time, data)
       values (gen_random_uuid(), 'test.doctor', 'tests/1', now() - interval '1 hour', '{}')`,
    examineEvents,
    /^\d+ are older than 15 minutes and have no number/,
  ],
  [
    'a subscriber that does not get on',
    () =>
      `insert into control.event_subscribers (name, position) values ('test.late', -9e15::bigint);
       with event as (insert into control.events (id, tenant_id, type, subject, time, data)
         values (-9e14::bigint, gen_random_uuid(), 'test.doctor', 'tests/1', now() - interval '1 hour', '{}') returning id, tenant_id)
       insert into control.event_positions (position, tenant_id, sequence, event_id) select id, tenant_id, 1, id from event`,
    examineEvents,
    /test\.late (is|are) more than 15 minutes behind|test\.late, /,
  ],
  [
    'an event that a subscriber failed at for good',
    () =>
      `insert into control.event_subscribers (name, position) values ('test.failing', 9e15::bigint);
       insert into control.event_failures (tenant_id, subscriber, sequence, position, subject, state)
       select id, 'test.failing', 1, 1, 'tests/1', 'failed' from control.tenants limit 1`,
    examineEvents,
    /failed for good \(.*test\.failing/,
  ],
  [
    'a schema that is behind',
    () =>
      "delete from control.migrations where schema = 'shared' and version = (select max(version) from control.migrations where schema = 'shared')",
    examineFleet,
    /shared .*is behind by 1/,
  ],
  [
    'a schema from a newer release',
    () => "insert into control.migrations (schema, version, name, hash) values ('shared', 9999, 'x', 'x')",
    examineFleet,
    /stands at 9999/,
  ],
  [
    'signing keys that nobody can open',
    () => "update control.signing_keys set private_pem = 'v1.nobody.AAAA.AAAA'",
    examineSecrets,
    /cannot be opened/,
  ],
  [
    'a master secret that is gone',
    () => "update control.signing_keys set private_pem = 'v1.nobody.AAAA.AAAA'",
    examineSecrets,
    /sealed with nobody/,
  ],
]
for (const [promise, sql, examine, says] of damages) {
  test(`doctor sees ${promise}`, async () => {
    await newTenant()
    await withPatient(async (patient, breakIt) => {
      await breakIt(sql(patient.appLogin))
      const found = wrong(await examine(patient))
      assert.ok(
        found.some((one) => says.test(one)),
        JSON.stringify(found),
      )
    })
  })
}

test('a PgBouncer in transaction mode is told from a direct connection, with what must be set then', async (t) => {
  const program = findPgBouncer()
  const { config, installation } = (await testApp()).deps
  const direct = { urls: { app: installation.urls.owner, owner: installation.urls.owner } }
  const patient = {
    ...direct,
    config: { ...config, DATABASE_NAMED_STATEMENTS: 'on' },
    masters: [],
    appLogin: '',
    client: null as unknown as pg.ClientBase,
  } as Patient
  assert.deepEqual(
    (await examinePooler(patient)).map(({ message }) => message),
    ['direct'],
  )
  if (program === null) return t.diagnostic('no PgBouncer on this machine; npm run test:services asks for one')
  const pgbouncer = await startPgBouncer(program, process.env['DATABASE_DIRECT_URL'] ?? process.env['DATABASE_URL']!)
  try {
    const pooled = new URL(installation.urls.owner)
    pooled.host = pgbouncer.address
    const through = (named: 'on' | 'off'): Patient => ({
      ...patient,
      config: { ...config, DATABASE_NAMED_STATEMENTS: named },
      urls: { app: pooled.toString(), owner: direct.urls.owner },
    })
    assert.match(wrong(await examinePooler(through('on')))[0]!, /does not keep prepared statements/)
    assert.match(
      (await examinePooler(through('off')))[0]!.message,
      /hands connections over after each transaction, without prepared/,
    )
    const both = { ...through('off'), urls: { app: pooled.toString(), owner: pooled.toString() } }
    assert.match(wrong(await examinePooler(both))[0]!, /go through a pooler/)
  } finally {
    await pgbouncer.stop()
  }
})

test('a backup that is older than a night is missed, none at all too, and a new installation has time', async () => {
  const { config } = (await testApp()).deps
  const home = mkdtempSync(join(tmpdir(), 'officina-doctor-'))
  try {
    const backupFolder = join(home, 'backups')
    const examine = async (hours: number, BACKUP: 'on' | 'off' = 'on') => {
      const [finding] = await examineBackups(
        { ...config, home, backupFolder, BACKUP },
        new Date(Date.now() + hours * 3_600_000),
      )
      return `${finding?.status}: ${finding?.message}`
    }
    assert.match(await examine(0), /^ok: none yet/)
    writeFileSync(join(home, 'secrets.json'), '{}')
    assert.match(await examine(2), /^ok: none yet/)
    assert.match(await examine(30), /^warn: there is none/)
    mkdirSync(backupFolder)
    writeFileSync(join(backupFolder, backupName(new Date())), '')
    assert.match(await examine(20), /^ok: the newest is \d+ h old/)
    assert.match(await examine(30), /^warn: the newest is \d+ h old/)
    assert.match(await examine(20, 'off'), /^warn: are switched off/)
  } finally {
    rmSync(home, { recursive: true })
  }
})

test('brokers that nobody holds, and those that do not let in, are named with their last error', async () => {
  const { admin, slug } = await newTenant()
  const topics = [{ filter: 'a/#', format: 'plain' }]
  for (const name of ['Gateway A', 'Gateway B', 'Gateway C', 'Gateway D']) {
    const made = await admin.call('POST', '/plant-ops/brokers', { name, url: 'mqtts://broker.example.test', topics })
    assert.equal(made.status, 201, made.text)
    if (name !== 'Gateway D') continue
    assert.equal((await admin.call('PATCH', `/plant-ops/brokers/${made.body.id}`, { enabled: false })).status, 200)
  }
  await withPatient(async (patient, breakIt) => {
    const held = (name: string, connected: boolean, error: string) =>
      breakIt(
        `update control.broker_states set holder = tenant_id, held_until = now() + interval '8 seconds', connected = ${connected}, last_error = ${error}
          where broker_id = (select id from control.brokers where tenant_id = '${admin.tenantId}' and name = '${name}')`,
      )
    // What other tests left.
    await breakIt(`update control.brokers set enabled = false where tenant_id <> '${admin.tenantId}'`)
    await held('Gateway A', true, "'a/b: The payload is not JSON.'")
    await held('Gateway B', false, "'Connection refused: Not authorized'")
    assert.deepEqual(wrong(await examineBrokers(patient)), [
      `nobody holds 1: «Gateway C» of ${slug}`,
      `1 of 3 are not connected: «Gateway B» of ${slug}: Connection refused: Not authorized`,
    ])
    await breakIt(`update control.brokers set enabled = false where name in ('Gateway B', 'Gateway C')`)
    assert.deepEqual(await examineBrokers(patient), [
      { check: 'brokers', status: 'ok', message: 'all 1 are connected' },
    ])
    await breakIt('update control.brokers set enabled = false')
    assert.deepEqual(await examineBrokers(patient), [])
  })
})
