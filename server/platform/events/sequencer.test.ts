import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import pg from 'pg'
import { Type } from 'typebox'
import { v7 as uuidv7 } from 'uuid'
import { newTenant, testApp, type TestUser } from '#test/harness.ts'
import type { EdgeWork } from '../database/work.ts'
import { eventKind, eventOf } from './event-kind.ts'
import { sequenceEvents } from './sequencer.ts'

const thing = eventKind({
  type: 'ThingHappened',
  topic: 'things',
  permission: 'plants.read',
  data: Type.Object({ n: Type.Integer() }),
})
const happened = (n: number) => eventOf(thing, { subject: `things/${n}` }, { n })
const entry = (n: number) => ({ action: 'things.happened', resource: 'thing', after: { n } })

const told = (user: TestUser): Promise<{ sequence: number; n: number }[]> =>
  user.read('plants.read', async ({ db }: EdgeWork) => {
    const { rows } = await sql<{ sequence: number; n: number }>`
      select p.sequence, (e.data->>'n')::integer as n from control.event_positions p join control.events e on e.id = p.event_id
       where p.sequence is not null order by p.sequence`.execute(db)
    return rows
  })

async function numbered(): Promise<void> {
  const { custody } = (await testApp()).deps.installation
  // Null while the application's own is at it.
  for (let n: number | null = null; n !== 0;) n = await sequenceEvents(custody)
}

const deferred = () => Promise.withResolvers<void>()

test('what a transaction tells is numbered after its commit, and never where it was rolled back', async () => {
  const tenant = await newTenant()
  const write = (n: number, fails = false) =>
    tenant.admin.write('plants.write', (work) => {
      work.record(entry(n), happened(n))
      if (n === 2) work.announce(happened(20))
      return fails ? Promise.reject(new Error('rolled back')) : Promise.resolve()
    })
  await write(1)
  await assert.rejects(write(9, true), /rolled back/)
  await write(2)
  await numbered()
  assert.deepEqual(await told(tenant.admin), [
    { sequence: 1, n: 1 },
    { sequence: 2, n: 2 },
    { sequence: 3, n: 20 },
  ])
})

test('an event with a lower id that is committed later comes after, and none is lost or numbered twice', async () => {
  const tenant = await newTenant()
  const [written, mayCommit] = [deferred(), deferred()]
  const late = tenant.admin.write('plants.write', async ({ db, tenantId }: EdgeWork) => {
    await sql`insert into control.events (tenant_id, time, type, subject, data)
              values (${tenantId}, now(), 'ThingHappened', 'things/1', '{"n":1}')`.execute(db)
    written.resolve()
    await mayCommit.promise
  })
  await written.promise
  for (let n = 2; n <= 6; n++) {
    await tenant.admin.write('plants.write', (work) => Promise.resolve(work.announce(happened(n))))
    await numbered()
  }
  mayCommit.resolve()
  await late
  for (let n = 7; n <= 12; n++) {
    await tenant.admin.write('plants.write', (work) => Promise.resolve(work.announce(happened(n))))
    await numbered()
  }
  const events = await told(tenant.admin)
  assert.deepEqual(
    events.map(({ n }) => n),
    [2, 3, 4, 5, 6, 1, 7, 8, 9, 10, 11, 12],
  )
  assert.deepEqual(
    events.map(({ sequence }) => sequence),
    Array.from({ length: 12 }, (_, i) => i + 1),
  )
})

/** Nobody else numbers meanwhile: the lock is this session's, for which it counts as free. */
async function alone<T>(
  use: (number: (limit: number) => Promise<number>, client: pg.ClientBase) => Promise<T>,
): Promise<T> {
  const { custody } = (await testApp()).deps.installation
  return custody.session(async (client) => {
    await client.query("select pg_advisory_lock(hashtext('officina.sequencer'))")
    const number = async (limit: number): Promise<number> => {
      const { rows } = await client.query<{ n: number }>('select control.sequence_events($1) as n', [limit])
      return rows[0]!.n
    }
    try {
      return await use(number, client)
    } finally {
      await client.query("select pg_advisory_unlock(hashtext('officina.sequencer'))")
    }
  })
}

test('while one numbers nobody else does', () =>
  alone(async () => {
    const { custody } = (await testApp()).deps.installation
    assert.equal(await sequenceEvents(custody), null)
  }))

test('three at a time give the same order as all at once, whatever is open, rolled back and committed between', async () => {
  const tenants = [await newTenant(), await newTenant()] as const
  await alone(async (number, owner) => {
    const { urls } = (await testApp()).deps.installation
    const clients = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const client = new pg.Client({ connectionString: urls.owner })
        await client.connect()
        return { client, tenant: null as string | null, wrote: [] as number[] }
      }),
    )
    const committed = new Map<string, number[]>(tenants.map(({ id }) => [id, []]))
    let n = 0
    for (let step = 0; step < 400; step++) {
      const one = clients[randomInt(clients.length)]!
      const { client } = one
      if (one.tenant === null) {
        await client.query('begin')
        one.tenant = tenants[randomInt(2)]!.id
      }
      const dice = randomInt(6)
      if (dice < 3) {
        await client.query(
          `insert into control.events (tenant_id, time, type, subject, data) values ($1, now(), 'ThingHappened', 'things/1', $2)`,
          [one.tenant, { n: ++n }],
        )
        one.wrote.push(n)
      } else if (dice < 5) {
        // Of one transaction in five nothing stays.
        const stays = randomInt(5) > 0
        await client.query(stays ? 'commit' : 'rollback')
        if (stays) committed.get(one.tenant)!.push(...one.wrote)
        Object.assign(one, { tenant: null, wrote: [] })
      } else await number(3)
    }
    for (const { client } of clients) await client.end()
    while ((await number(3)) > 0);
    const { rows } = await owner.query<{ front: number; low: number; gaps: number }>(
      'select front, low, (select count(*) from control.event_gaps) as gaps from control.event_sequencer',
    )
    assert.ok(rows[0]!.front >= rows[0]!.low)
    for (const tenant of tenants) {
      const events = await told(tenant.admin)
      assert.deepEqual(
        events.map((event) => event.n).toSorted((a, b) => a - b),
        committed.get(tenant.id)!.toSorted((a, b) => a - b),
        'each of those committed once, and no other',
      )
      assert.deepEqual(
        events.map(({ sequence }) => sequence),
        events.map((_, i) => i + 1),
      )
    }
  })
})

test('a gap is kept for a transaction that is younger than the last one that ended', async () => {
  const tenant = await newTenant()
  const { urls } = (await testApp()).deps.installation
  await alone(async (number) => {
    while ((await number(1_000)) > 0);
    const [older, younger] = [new pg.Client(urls.owner), new pg.Client(urls.owner)]
    await Promise.all([older.connect(), younger.connect()])
    const insert = (client: pg.Client, n: number) =>
      client.query(
        `insert into control.events (tenant_id, time, type, subject, data) values ($1, now(), 'ThingHappened', 'things/1', $2)`,
        [tenant.id, { n }],
      )
    await older.query('begin; select pg_current_xact_id()')
    await younger.query('begin')
    await insert(younger, 1)
    await insert(older, 2)
    await older.query('commit')
    for (let turn = 0; turn < 3; turn++) await number(1_000)
    await younger.query('commit')
    await number(1_000)
    await Promise.all([older.end(), younger.end()])
  })
  assert.deepEqual(
    (await told(tenant.admin)).map(({ n }) => n),
    [2, 1],
  )
})

test('ids that never come are given up once nobody can bring them any more', async () => {
  const tenant = await newTenant()
  const write = (n: number, fails: boolean) =>
    tenant.admin
      .write('plants.write', async ({ db, tenantId }: EdgeWork) => {
        await sql`insert into control.events (tenant_id, time, type, subject, data)
                  values (${tenantId}, now(), 'ThingHappened', 'things/1', ${JSON.stringify({ n })}::jsonb)`.execute(db)
        if (fails) throw new Error('rolled back')
      })
      .catch(() => undefined)
  for (let n = 0; n < 20; n++) await write(n, n % 2 === 0)
  const gaps = () =>
    alone(async (number, client) => {
      while ((await number(1_000)) > 0);
      const { rows } = await client.query<{ behind: number }>(
        'select front - low as behind from control.event_sequencer',
      )
      return rows[0]!.behind
    })
  // Another test may have a transaction open.
  for (let turn = 0; turn < 200 && (await gaps()) > 0; turn++) await sleep(20)
  assert.equal(await gaps(), 0)
})

test('after a copy was brought back the sequencer finds its place: what has one keeps it, what has none gets one', async () => {
  const tenant = await newTenant()
  const write = (n: number) => tenant.admin.write('plants.write', (work) => Promise.resolve(work.announce(happened(n))))
  for (const n of [1, 2, 3]) await write(n)
  await numbered()
  await alone(async (number, client) => {
    for (const n of [4, 5]) await write(n)
    await client.query('delete from control.event_gaps; update control.event_sequencer set front = null, low = 0')
    while ((await number(1_000)) > 0);
  })
  assert.deepEqual(
    (await told(tenant.admin)).map(({ sequence, n }) => [sequence, n]),
    [1, 2, 3, 4, 5].map((n) => [n, n]),
  )
})

test('an entry that was taken out of the trail before it was chained leaves a link that fits none', async () => {
  const tenant = await newTenant()
  await alone(async (number, client) => {
    await tenant.admin.write('plants.write', (work) => Promise.resolve(work.record(entry(1))))
    await client.query('set role officina_custody')
    await client.query(`delete from ${tenant.schema}.audit where tenant_id = $1 and action = 'things.happened'`, [
      tenant.id,
    ])
    while ((await number(1_000)) > 0);
    const { rows } = await client.query<{ digest: Buffer }>(
      'select digest from control.audit_chain where tenant_id = $1 order by number desc limit 1',
      [tenant.id],
    )
    await client.query('reset role')
    assert.equal(rows[0]?.digest.length, 0)
  })
})

test('every entry of the trail is chained in the order of its commit, over what it says', async () => {
  const tenant = await newTenant()
  for (const n of [1, 2, 3]) await tenant.admin.write('plants.write', (work) => Promise.resolve(work.record(entry(n))))
  await tenant.admin.write('plants.write', (work) => {
    for (const n of [4, 5]) work.record(entry(n), happened(n))
    return Promise.resolve()
  })
  await numbered()
  const chain = await tenant.admin.read('audit.read', async ({ db }: EdgeWork) => {
    const { rows } = await sql<{ number: number; n: number; same: boolean; linked: boolean }>`
      select c.number, (a.after->>'n')::integer as n,
             c.digest = control.audit_digest(a.id, a.at, a.outcome, a.actor_kind, a.actor_id, a.action, a.resource, a.resource_id,
               a.plant_id, a.request_id, control.audit_part(a.contents_salt, jsonb_build_array(a.before, a.after)),
               control.audit_part(a.ip_salt, jsonb_build_array(a.ip))) as same,
             c.link = sha256(coalesce(lag(c.link) over (order by c.number), sha256(uuid_send(c.tenant_id)))
                             || c.digest || uuid_send(c.audit_id)) as linked
        from control.audit_chain c join audit a on (a.tenant_id, a.id) = (c.tenant_id, c.audit_id) order by c.number`.execute(
      db,
    )
    return rows
  })
  const whole = { same: true, linked: true }
  assert.deepEqual(
    chain.filter(({ n }) => n !== null).map(({ n, same, linked }) => ({ n, same, linked })),
    [1, 2, 3, 4, 5].map((n) => ({ n, ...whole })),
  )
  assert.deepEqual(
    chain.map(({ number }) => number),
    chain.map((_, i) => i + 1),
  )
})

test('another tenant’s events and chain do not exist, nor those of a plant out of scope', async () => {
  const [tenant, stranger] = [await newTenant(), await newTenant()]
  await tenant.admin.write('plants.write', (work) => Promise.resolve(work.record(entry(1), happened(1))))
  const [seen, hidden] = [uuidv7(), uuidv7()]
  for (const plant_id of [seen, hidden]) {
    const event = eventOf(thing, { subject: `plants/${plant_id}`, plant_id }, { n: plant_id === seen ? 2 : 3 })
    await tenant.admin.write('plants.write', (work) => Promise.resolve(work.announce(event)))
  }
  await numbered()
  const colleague = await tenant.user('Viewer', [seen])
  assert.deepEqual(
    (await told(tenant.admin)).map(({ n }) => n),
    [1, 2, 3],
  )
  assert.deepEqual(
    (await told(colleague)).map(({ n }) => n),
    [1, 2],
  )
  assert.deepEqual(await told(stranger.admin), [])
  const links = await stranger.admin.read('audit.read', async ({ db }: EdgeWork) => {
    const { rows } = await sql`select from control.audit_chain c where tenant_id = ${tenant.id}`.execute(db)
    return rows.length
  })
  assert.equal(links, 0)
})
