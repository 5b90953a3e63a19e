import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql, type QueryResult, type RootOperationNode, type UnknownRow } from 'kysely'
import { Type } from 'typebox'
import { newTenant, testApp, type TestTenant } from '#test/harness.ts'
import type { EdgeWork } from '../database/work.ts'
import { eventKind, eventOf } from './event-kind.ts'
import { openHearing, type Hearing } from './hear.ts'
import { nextDeliveries, placeSubscribers, stepOver } from './next-deliveries.ts'
import { PATIENCE, startSubscribers, type Patience, type Subscribers } from './subscribers.ts'
import type { Subscriber, TakenEvent } from './subscriber.ts'

const thing = eventKind({
  type: 'ThingFollowed',
  topic: 'things',
  permission: 'plants.read',
  data: Type.Object({ n: Type.Integer() }),
})
const tell = (tenant: TestTenant, ...ns: number[]): Promise<void> =>
  tenant.admin.write('plants.write', (work) => {
    for (const n of ns) work.announce(eventOf(thing, { subject: `things/${n % 10}` }, { n }))
    return Promise.resolve()
  })

/** Quick, so that a test is. */
const QUICK: Patience = { ...PATIENCE, eventMs: 400, waitMs: 20, attempts: 3, failuresInARow: 1_000 }
let hearing: Hearing | undefined
const running: Subscribers[] = []
after(() => hearing?.stop())
/** A test whose subscribers end with it: they would hear of the tenants of the next. */
const withSubscribers = (promise: string, use: () => Promise<void>): void =>
  void test(promise, async () => {
    try {
      await use()
    } finally {
      await Promise.all(running.splice(0).map((one) => one.stop()))
    }
  })

type Handle = Subscriber['handle']
const nOf = ({ data }: TakenEvent): number => data['n'] as number
/** The effect: an entry of the trail, in the scope of the event's tenant. */
const note: Handle = (work, event) => {
  work.record({ action: 'things.seen', resource: 'thing', after: { n: nOf(event) } })
  return Promise.resolve()
}

/** A subscriber of its own; `processes` of them at once. */
async function following(handle: Handle, more: Partial<Subscriber> & { processes?: number; patience?: Patience } = {}) {
  const { installation, log } = (await testApp()).deps
  hearing ??= openHearing(installation.urls.owner, log)
  const { processes = 1, patience = QUICK, ...declared } = more
  const one: Subscriber = {
    ...{
      name: `test.s${randomUUID().replaceAll(/[^a-z]/g, '')}`,
      types: ['ThingFollowed'],
      from: 'now',
      strict: false,
    },
    ...{ handle, ...declared },
  }
  const deps = { ...installation, hearing, log }
  const started = await Promise.all(Array.from({ length: processes }, () => startSubscribers(deps, [one], patience)))
  running.push(...started)
  return { name: one.name, stop: async () => void (await Promise.all(started.map((s) => s.stop()))) }
}

const seen = (tenant: TestTenant): Promise<number[]> =>
  tenant.admin.read('audit.read', async ({ db, tenantId }: EdgeWork) => {
    const { rows } = await sql<{ n: number }>`
      select (after->>'n')::int as n from audit where tenant_id = ${tenantId} and action = 'things.seen' order by id`.execute(
      db,
    )
    return rows.map(({ n }) => n)
  })
type Failure = { n: number; state: string; attempts: number; error: string | null }
const failures = (tenant: TestTenant, name: string): Promise<Failure[]> =>
  tenant.admin.read('plants.read', async ({ db, tenantId }: EdgeWork) => {
    const { rows } = await sql<Failure>`
      select (e.data->>'n')::int as n, f.state, f.attempts, f.error
        from control.event_failures f join control.event_positions p on p.position = f.position
        join control.events e on e.id = p.event_id
       where f.tenant_id = ${tenantId} and f.subscriber = ${name} order by f.position`.execute(db)
    return rows
  })
async function until<T>(read: () => Promise<T>, good: (found: T) => boolean): Promise<T> {
  for (const giveUp = Date.now() + 10_000; ; await sleep(15)) {
    const found = await read()
    if (good(found) || Date.now() > giveUp) return found
  }
}
const sees = async (tenant: TestTenant, ns: number[]): Promise<void> =>
  assert.deepEqual(
    await until(
      () => seen(tenant),
      (found) => found.length >= ns.length,
    ),
    ns,
  )

withSubscribers(
  'each event of every tenant is handled once, in its tenant’s scope and order, however many processes there are',
  async () => {
    const tenants = [await newTenant(), await newTenant({ isolation: 'schema' })] as const
    const scopes = new Set<string>()
    await following(
      (work, event) => {
        scopes.add(work.tenantId)
        return note(work, event)
      },
      { processes: 4 },
    )
    for (let n = 0; n < 30; n++) for (const tenant of tenants) await tell(tenant, n * 2, n * 2 + 1)
    const all = Array.from({ length: 60 }, (_, n) => n)
    for (const tenant of tenants) await sees(tenant, all)
    for (const tenant of tenants) assert.ok(scopes.has(tenant.id))
  },
)

withSubscribers('one from the beginning gets all of history, one from now what comes', async () => {
  const tenant = await newTenant()
  await tell(tenant, 1, 2)
  const { database } = (await testApp()).deps.installation
  assert.ok(database)
  const { admin } = tenant
  const numbered = () =>
    admin.read('plants.read', async ({ db }: EdgeWork) => {
      const { rows } = await sql`select from control.event_positions where sequence is not null`.execute(db)
      return rows.length
    })
  await until(numbered, (n) => n >= 2)
  await following(note)
  await tell(tenant, 3)
  await sees(tenant, [3])
  const late = await newTenant()
  await tell(late, 4)
  const [early, past] = [new Set<number>(), new Set<number>()]
  const collect =
    (into: Set<number>): Handle =>
    (work, event) => {
      if (work.tenantId === tenant.id) into.add(nOf(event))
      return Promise.resolve()
    }
  await following(collect(past), { from: 'beginning' })
  await following(collect(early))
  await until(
    () => Promise.resolve(past),
    ({ size }) => size === 3,
  )
  assert.deepEqual([[...past], [...early]], [[1, 2, 3], []])
})

withSubscribers(
  'one that throws for ever is set aside after its attempts, with its reason; the others go on, and what it wrote is gone',
  async () => {
    const tenant = await newTenant()
    let tries = 0
    const { name } = await following(async (work, event) => {
      await note(work, event)
      await sql`select 1`.execute(work.db)
      if (nOf(event) !== 2) return
      tries += 1
      throw new Error('secret inside')
    })
    await tell(tenant, 1, 2, 3)
    await sees(tenant, [1, 3])
    const aside = await until(
      () => failures(tenant, name),
      (found) => found[0]?.state === 'failed',
    )
    assert.deepEqual(aside, [{ n: 2, state: 'failed', attempts: 3, error: 'internal: Something broke.' }])
    assert.equal(tries, 3)
    await tell(tenant, 4)
    await sees(tenant, [1, 3, 4])
  },
)

withSubscribers('one that fails and then works is handled once, by itself', async () => {
  const tenant = await newTenant()
  let tries = 0
  const { name } = await following((work, event) => {
    if (nOf(event) === 1 && (tries += 1) < 3) throw new Error('not yet')
    return note(work, event)
  })
  await tell(tenant, 1, 2)
  await sees(tenant, [2, 1])
  assert.deepEqual(
    await until(
      () => failures(tenant, name),
      (found) => found.length === 0,
    ),
    [],
  )
})

withSubscribers('a handler that hangs, in a statement or outside of one, is ended by the time limit', async () => {
  const tenant = await newTenant()
  const { name } = await following((work, event) => {
    if (nOf(event) === 1) return new Promise(() => undefined)
    if (nOf(event) === 2) return sql`select pg_sleep(60)`.execute(work.db).then(() => undefined)
    return note(work, event)
  })
  await tell(tenant, 1, 2, 3)
  await sees(tenant, [3])
  const aside = await until(
    () => failures(tenant, name),
    (found) => found.length === 2 && found.every(({ state }) => state === 'failed'),
  )
  assert.equal(aside[0]?.error, 'events.time_limit: It took longer than it may.')
  assert.match(aside[1]?.error ?? '', /^(database\.busy|events\.time_limit): /)
})

withSubscribers('a handler that swallows a failed statement has not succeeded', async () => {
  const tenant = await newTenant()
  const { name } = await following((work) =>
    sql`select 1 / 0`.execute(work.db).then(
      () => undefined,
      () => undefined,
    ),
  )
  await tell(tenant, 1)
  const aside = await until(
    () => failures(tenant, name),
    (found) => found[0]?.state === 'failed',
  )
  assert.equal(aside.length, 1)
})

withSubscribers(
  'a strict one keeps the order of a subject: what follows a failed event waits behind it, other subjects go on',
  async () => {
    const tenant = await newTenant()
    let broken = true
    const { name } = await following(
      (work, event) => {
        if (broken && nOf(event) === 1) throw new Error('broken')
        return note(work, event)
      },
      { strict: true },
    )
    await tell(tenant, 1, 2, 11)
    await tell(tenant, 21, 12)
    await sees(tenant, [2, 12])
    const aside = await until(
      () => failures(tenant, name),
      (found) => found[0]?.state === 'failed' && found.length === 3,
    )
    assert.deepEqual(
      aside.map(({ n, state }) => [n, state]),
      [
        [1, 'failed'],
        [11, 'held'],
        [21, 'held'],
      ],
    )
    broken = false
    await tenant.admin.write('plants.write', ({ db, tenantId }: EdgeWork) =>
      sql`update control.event_failures set state = 'retrying', attempts = 0, retry_at = now()
         where tenant_id = ${tenantId} and state = 'failed'`.execute(db),
    )
    await sees(tenant, [2, 12, 1, 11, 21])
    assert.deepEqual(
      await until(
        () => failures(tenant, name),
        (found) => found.length === 0,
      ),
      [],
    )
  },
)

const setTenant = async (tenant: TestTenant, change: string): Promise<void> => {
  const { custody } = (await testApp()).deps.installation
  await custody.run(async ({ db }) => {
    await sql`update control.tenants set ${sql.raw(change)} where id = ${tenant.id}`.execute(db)
  })
}

withSubscribers(
  'while a tenant moves its events wait and the others’ go on; afterwards none is lost, and their order is kept',
  async () => {
    const [moving, other] = [await newTenant(), await newTenant()]
    const { stop, name } = await following(note, { strict: true })
    await stop()
    await tell(moving, 1, 11)
    await tell(other, 1)
    await setTenant(moving, 'moving = true')
    await following(note, { strict: true, name })
    await sees(other, [1])
    await setTenant(moving, 'moving = false')
    await tell(moving, 21)
    await sees(moving, [1, 11, 21])
  },
)

withSubscribers('a suspended tenant’s events are handled, a deleted one’s are skipped', async () => {
  const [suspended, deleted] = [await newTenant(), await newTenant()]
  const handled = new Set<string>()
  const collect: Handle = ({ tenantId }) => {
    handled.add(tenantId)
    return Promise.resolve()
  }
  const { stop, name } = await following(collect)
  await stop()
  for (const tenant of [deleted, suspended]) await tell(tenant, 1)
  await setTenant(suspended, `status = 'Suspended'`)
  await setTenant(deleted, 'deleted_at = now()')
  await following(collect, { name })
  await until(
    () => Promise.resolve(handled),
    ({ size }) => size > 0,
  )
  assert.deepEqual([...handled], [suspended.id])
})

withSubscribers('where every event fails the subscriber slows down and keeps its backlog', async () => {
  const tenant = await newTenant()
  const { name } = await following(() => Promise.reject(new Error('broken for all')), {
    patience: { ...QUICK, failuresInARow: 3 },
  })
  await tell(tenant, ...Array.from({ length: 50 }, (_, n) => n))
  await until(
    () => failures(tenant, name),
    (found) => found.length >= 3,
  )
  await sleep(300)
  assert.ok((await failures(tenant, name)).length < 10)
})

withSubscribers(
  'one that is for some companies steps over the events of the others, and misses none of theirs',
  async () => {
    const [mine, other] = [await newTenant(), await newTenant()]
    const whose = sql<boolean>`p.tenant_id = ${mine.admin.tenantId}`
    await following(note, { whose })
    await tell(other, 1)
    await tell(mine, 2)
    await tell(other, 3)
    await tell(mine, 4)
    await sees(mine, [2, 4])
    assert.deepEqual(await seen(other), [])
  },
)

test('an event that gets its place while a subscriber looks is not passed over', async () => {
  const tenant = await newTenant()
  const { installation } = (await testApp()).deps
  const { custody } = installation
  const name = `test.s${randomUUID().replaceAll(/[^a-z]/g, '')}`
  await placeSubscribers(custody, [{ name, from: 'now' }])
  /** Before the answer of its third statement, which looks for what is next, comes to it one more event is told and numbered. */
  let told = 0
  let statement = 0
  const slow: typeof custody = {
    ...custody,
    run: (use) =>
      custody.run((work) => {
        const plugin = {
          transformQuery: ({ node }: { node: RootOperationNode }) => node,
          transformResult: async ({ result }: { result: QueryResult<UnknownRow> }) => {
            if ((statement += 1) === 3 && told < 3) await tell(tenant, (told += 1))
            const placed = async (): Promise<boolean> => (await numbered(tenant)) >= told
            while (!(await placed())) await sleep(5)
            return result
          },
        }
        return use({ ...work, db: work.db.withPlugin(plugin) })
      }),
  }
  const one: Subscriber = { ...{ name, types: ['ThingFollowed'], from: 'now', strict: false }, handle: note }
  const found: number[] = []
  for (let rounds = 0; rounds < 20 && found.length < 3; rounds += 1) {
    statement = 0
    const next = await nextDeliveries(slow, one)
    found.push(...next!.deliveries.map(({ event }) => nOf(event)))
    await stepOver(custody, one, next!)
  }
  assert.deepEqual(found, [1, 2, 3])
})

const numbered = (tenant: TestTenant): Promise<number> =>
  tenant.admin.read('plants.read', async ({ db, tenantId }: EdgeWork) => {
    const { rows } = await sql<{ n: number }>`
      select count(*)::int as n from control.event_positions p join control.events e on e.id = p.event_id
       where p.tenant_id = ${tenantId} and e.type = 'ThingFollowed'`.execute(db)
    return rows[0]!.n
  })
