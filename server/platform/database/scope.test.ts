/** The one way in: what control.open_scope lets through, for whom, and in which state of the tenant. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import { sql } from 'kysely'
import type { AllTables } from '#tables'
import { newTenant, testApp, type TestTenant, type TestUser } from '../../test/harness.ts'
import { addPlant, countPlants } from './database.fixture.ts'
import type { Custody } from './custody.ts'
import type { EdgeWork, Mode, Scope } from './work.ts'

type Change = (db: Custody<AllTables>['db']) => Promise<unknown>
const inCustody = async (change: Change): Promise<void> => {
  const { installation } = (await testApp()).deps
  await installation.custody.run(async ({ db }: Custody<AllTables>) => void (await change(db)))
}
const setTenant = (id: string, values: Record<string, unknown>): Promise<void> =>
  inCustody((db) => db.updateTable('control.tenants').set(values).where('id', '=', id).execute())

/** The refusal's code, or 'open'. */
async function attempt(scope: Scope): Promise<string> {
  const { database } = (await testApp()).deps.installation
  const use = async (work: EdgeWork): Promise<string> => {
    await countPlants(work)
    return 'open'
  }
  const { open } = scope
  const reads = open.kind === 'scope' && (open.mode === 'read' || open.mode === 'export')
  return (reads ? database.read(scope, use) : database.write(scope, use)).catch((error: { code: string }) => error.code)
}
async function modes(user: TestUser): Promise<Record<Mode, string>> {
  const at = (mode: Mode): Promise<string> => attempt(user.scope(null, mode))
  return { read: await at('read'), write: await at('write'), self: await at('self'), export: await at('export') }
}
const ALL_OPEN = { read: 'open', write: 'open', self: 'open', export: 'open' }

test('an active tenant and one on trial are open for everything', async () => {
  assert.deepEqual(await modes((await newTenant()).admin), ALL_OPEN)
  assert.deepEqual(await modes((await newTenant({ status: 'Trial' })).admin), ALL_OPEN)
})

test('a suspended tenant reads, exports and changes its own sign-in, and nothing else', async () => {
  const { admin } = await newTenant({ status: 'Suspended' })
  assert.deepEqual(await modes(admin), { ...ALL_OPEN, write: 'tenant.suspended' })
})

test('an expired plan reads and exports; the last day still counts', async () => {
  const { admin, id } = await newTenant({ plan_expiry: '2020-01-31' })
  assert.deepEqual(await modes(admin), { ...ALL_OPEN, write: 'tenant.expired' })
  await inCustody((db) =>
    db
      .updateTable('control.tenants')
      .set({ plan_expiry: sql<string>`current_date` })
      .where('id', '=', id)
      .execute(),
  )
  assert.deepEqual(await modes(admin), ALL_OPEN)
})

test('a cancelled tenant can only export, and sign out', async () => {
  const { admin } = await newTenant({ status: 'Cancelled' })
  assert.deepEqual(await modes(admin), { ...ALL_OPEN, read: 'tenant.cancelled', write: 'tenant.cancelled' })
})

test('in the last step of its move a tenant reads; changes wait, also those of the machine', async () => {
  const { admin, id } = await newTenant()
  await inCustody(async (db) => {
    await sql`select pg_advisory_xact_lock(uuid_hash_extended(${id}, 0))`.execute(db)
    assert.deepEqual(await modes(admin), { ...ALL_OPEN, write: 'tenant.moving', self: 'tenant.moving' })
    assert.equal(await attempt({ ...admin.scope(null), open: { kind: 'system' } }), 'tenant.moving')
  })
  assert.equal(await attempt({ ...admin.scope(null), open: { kind: 'system' } }), 'open')
})

test('a deleted tenant is nobody', async () => {
  const { admin, id } = await newTenant()
  await setTenant(id, { deleted_at: new Date().toISOString() })
  assert.equal(await attempt(admin.scope(null, 'read')), 'auth.not_signed_in')
  assert.equal(await attempt({ ...admin.scope(null), open: { kind: 'system' } }), 'tenant.not_found')
})

const session = (user: TestUser, values: Record<string, unknown>) =>
  inCustody((db) => db.updateTable('control.sessions').set(values).where('id', '=', user.sessionId).execute())
const person = (user: TestUser, values: Record<string, unknown>) =>
  inCustody((db) => db.updateTable('control.users').set(values).where('id', '=', user.userId).execute())
const past = (): string => new Date(Date.now() - 1000).toISOString()

const endings: [name: string, end: (user: TestUser) => Promise<void>][] = [
  ['a session that was ended', (user) => session(user, { ended_at: past() })],
  ['a session that has expired', (user) => session(user, { expires_at: past() })],
  ['a suspended user', (user) => person(user, { status: 'Suspended' })],
  ['a user who was only invited', (user) => person(user, { status: 'Invited' })],
  ['a removed user', (user) => person(user, { deleted_at: past() })],
  [
    'an erased account',
    (user) =>
      inCustody((db) =>
        db.updateTable('control.accounts').set({ erased_at: past() }).where('id', '=', user.accountId).execute(),
      ),
  ],
]
for (const [name, end] of endings) {
  test(`${name} opens nothing, from the next statement on`, async () => {
    const { admin } = await newTenant()
    assert.equal(await attempt(admin.scope(null, 'read')), 'open')
    await end(admin)
    for (const mode of ['read', 'write', 'self', 'export'] as const) {
      assert.equal(await attempt(admin.scope(null, mode)), 'auth.not_signed_in')
    }
  })
}

test('a role is read at each request: a change acts at once, an unknown role may nothing', async () => {
  const tenant = await newTenant()
  const user = await tenant.user('Viewer')
  assert.equal(await attempt(user.scope('plants.write')), 'auth.forbidden')
  await person(user, { role: 'Asset Manager' })
  assert.equal(await attempt(user.scope('plants.write')), 'open')
  await person(user, { role: 'No such role' })
  assert.equal(await attempt(user.scope('plants.read', 'read')), 'auth.forbidden')
})

test("a tenant's own role counts in that tenant only, and cannot take a default role's name over", async () => {
  const [a, b] = [await newTenant(), await newTenant()]
  const role = (tenant: TestTenant, name: string, permissions: string[]) =>
    inCustody((db) =>
      db.insertInto('control.roles').values({ tenant_id: tenant.id, id: uuidv7(), name, permissions }).execute(),
    )
  await role(a, 'Meter reader', ['readings.write'])
  assert.equal(await attempt((await a.user('Meter reader')).scope('readings.write')), 'open')
  assert.equal(await attempt((await b.user('Meter reader')).scope('readings.write')), 'auth.forbidden')
  await role(a, 'Viewer', ['users.write'])
  assert.equal(await attempt((await a.user('Viewer')).scope('users.write')), 'auth.forbidden')
})

test('a superuser has the platform permissions and no others by it', async () => {
  const user = await (await newTenant()).user('Viewer')
  assert.equal(await attempt(user.scope('platform.tenants')), 'auth.forbidden')
  await inCustody((db) =>
    db.updateTable('control.accounts').set({ is_superuser: true }).where('id', '=', user.accountId).execute(),
  )
  assert.equal(await attempt(user.scope('platform.tenants')), 'open')
  assert.equal(await attempt(user.scope('users.write')), 'auth.forbidden')
})

async function apiKey(
  tenant: TestTenant,
  values: Record<string, unknown> = {},
): Promise<(permission: string | null, mode?: Mode) => Scope> {
  const id = uuidv7()
  const key = {
    tenant_id: tenant.id,
    id,
    name: 'test',
    key_hash: uuidv7(),
    hint: 'test',
    permissions: ['plants.read'],
    ...values,
  }
  await inCustody((db) => db.insertInto('control.api_keys').values(key).execute())
  return (permission, mode = 'read') => ({
    ...tenant.admin.scope(permission, mode),
    open: { kind: 'scope', principal: `k${id}`, permission, mode },
    actor: { kind: 'api_key', id, account_id: null, session_id: null },
  })
}

test('an API key has its own permissions, and none of an account', async () => {
  const tenant = await newTenant()
  const key = await apiKey(tenant)
  assert.equal(await attempt(key('plants.read')), 'open')
  assert.equal(await attempt(key('plants.write', 'write')), 'auth.forbidden')
  const { database } = (await testApp()).deps.installation
  const { rows } = await database.read(key('plants.read'), (work) =>
    sql`select current_setting('app.user_id') as user_id, (select count(*)::int from control.accounts a
          where a.id = current_setting('app.account_id')::uuid) as accounts`.execute(work.db),
  )
  assert.deepEqual(rows, [{ user_id: '', accounts: 0 }])
})

test('an expired or revoked API key, or one of a suspended tenant, is held to it', async () => {
  const tenant = await newTenant()
  assert.equal(await attempt((await apiKey(tenant, { expires_at: past() }))('plants.read')), 'auth.not_signed_in')
  assert.equal(await attempt((await apiKey(tenant, { revoked_at: past() }))('plants.read')), 'auth.not_signed_in')
  const writer = await apiKey(tenant, { permissions: ['plants.write'] })
  await setTenant(tenant.id, { status: 'Suspended' })
  assert.equal(await attempt(writer('plants.write', 'write')), 'tenant.suspended')
})

test("an API key's id does not open a session, nor a session's id a key", async () => {
  const tenant = await newTenant()
  const key = await apiKey(tenant)
  const { open } = key(null)
  assert.ok(open.kind === 'scope')
  assert.equal(
    await attempt({ ...key(null), open: { ...open, principal: `s${open.principal.slice(1)}` } }),
    'auth.not_signed_in',
  )
  assert.equal(
    await attempt({ ...key(null), open: { ...open, principal: `k${tenant.admin.sessionId}` } }),
    'auth.not_signed_in',
  )
})

test('whoever is limited to some plants sees, changes and adds nothing of the others: users and API keys', async () => {
  const tenant = await newTenant()
  const [mine, other] = await tenant.admin.write(null, async (work) => [await addPlant(work), await addPlant(work)])
  const { database } = (await testApp()).deps.installation
  const limited = [
    (await tenant.user('Asset Manager', [mine])).scope('plants.write'),
    (await apiKey(tenant, { permissions: ['plants.write'], plant_ids: [mine] }))('plants.write', 'write'),
  ]
  for (const scope of limited) {
    await database.write(scope, async (work) => {
      const rows = await work.db.selectFrom('plants').select('id').execute()
      assert.deepEqual(rows, [{ id: mine }])
      const changed = await work.db.updateTable('plants').set({ name: 'x' }).where('id', '=', other).executeTakeFirst()
      assert.equal(Number(changed.numUpdatedRows), 0)
    })
    await assert.rejects(
      database.write(scope, (work) => addPlant(work)),
      /row-level security/,
    )
  }
  const none = (await tenant.user('Asset Manager', [])).scope('plants.read', 'read')
  assert.equal(await database.read(none, countPlants), 0, 'a list of no plants is no plants, not all')
})

test('while somebody signs in there is no tenant: only the account’s own rows', async () => {
  const [a, b] = [await newTenant(), await newTenant()]
  const { database } = (await testApp()).deps.installation
  const actor = { kind: 'account', id: null, account_id: a.admin.accountId, session_id: null } as const
  const scope: Scope = { ...a.admin.scope(null), open: { kind: 'account' }, actor }
  await database.write(scope, async (work) => {
    const own = await work.db.selectFrom('control.users').select('id').execute()
    assert.deepEqual(own, [{ id: a.admin.userId }])
    const secrets = await work.db.selectFrom('control.credentials').select('account_id').execute()
    assert.deepEqual(secrets, [{ account_id: a.admin.accountId }])
    const tenants = await work.db.selectFrom('control.tenants').select('id').execute()
    assert.deepEqual(tenants, [{ id: a.id }])
  })
  await assert.rejects(database.write(scope, countPlants), /does not exist/)
  assert.notEqual(a.id, b.id)
})

test('in the scope of a tenant nobody changes rows of another, also not one’s own membership there', async () => {
  const [a, b] = [await newTenant(), await newTenant()]
  const elsewhere = uuidv7()
  // The administrator of `a` is a viewer in `b` with the same account.
  const membership = {
    tenant_id: b.id,
    id: elsewhere,
    account_id: a.admin.accountId,
    name: 'A',
    surname: 'B',
    role: 'Viewer',
    status: 'Active',
  }
  await inCustody((db) => db.insertInto('control.users').values(membership).execute())
  await a.admin.write('users.write', async (work) => {
    const raised = await work.db
      .updateTable('control.users')
      .set({ role: 'Admin' })
      .where('id', '=', elsewhere)
      .executeTakeFirst()
    assert.equal(Number(raised.numUpdatedRows), 0)
  })
  const smuggled = { ...membership, id: uuidv7(), account_id: b.admin.accountId, role: 'Admin' }
  await assert.rejects(
    a.admin.write('users.write', (work) => work.db.insertInto('control.users').values(smuggled).execute()),
    /row-level security/,
  )
  const own = { ...smuggled, account_id: a.admin.accountId }
  await assert.rejects(
    a.admin.write('users.write', (work) => work.db.insertInto('control.users').values(own).execute()),
    /row-level security/,
  )
})

test('a company cannot raise its own limits, nor a person become superuser', async () => {
  const { admin, id } = await newTenant()
  const values = [
    { max_plants: 1_000_000 },
    { plan_expiry: null },
    { status: 'Active' },
    { tier: 'enterprise' },
    { schema_name: 'shared' },
    { slug: 'another-name' },
  ]
  for (const set of values) {
    const raised = admin.write(null, (work) =>
      work.db.updateTable('control.tenants').set(set).where('id', '=', id).execute(),
    )
    await assert.rejects(raised, /permission denied/, JSON.stringify(set))
  }
  const promoted = admin.write(null, (work) =>
    work.db.updateTable('control.accounts').set({ is_superuser: true }).execute(),
  )
  await assert.rejects(promoted, /permission denied/)
  const readdressed = admin.write(null, (work) =>
    work.db.updateTable('control.accounts').set({ email: 'somebody@else.example' }).execute(),
  )
  await assert.rejects(readdressed, /permission denied/)
  const signing = admin.read(null, (work) => work.db.selectFrom('control.signing_keys').selectAll().execute())
  await assert.rejects(signing, /permission denied/)
  const colleague = await (await newTenant()).user('Viewer')
  const renamed = await admin.write(null, (work) =>
    work.db
      .updateTable('control.accounts')
      .set({ language: 'en' })
      .where('id', '=', colleague.accountId)
      .executeTakeFirst(),
  )
  assert.equal(Number(renamed.numUpdatedRows), 0)
})

test('what is done stays in the trail as it was: only a denial that repeats is counted', async () => {
  const { admin } = await newTenant()
  await admin.write(null, (work) => {
    work.record({ action: 'things.made', resource: 'thing' })
    return Promise.resolve()
  })
  const rewritten = await admin.write(null, (work) =>
    work.db.updateTable('audit').set({ repeats: 9, at: past() }).executeTakeFirst(),
  )
  assert.equal(Number(rewritten.numUpdatedRows), 0)
})
