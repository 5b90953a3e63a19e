import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { sql } from 'kysely'
import { newTenant, plantOf } from '../../../test/harness.ts'
import { decryptField, derivedRing } from '../../secrets/field-encryption.ts'
import { controlTables } from '../../copies/control-tables.ts'
import { tablesIn } from '../../copies/tables.ts'
import { resealWebhooks } from './reseal-webhooks.ts'
import { sweepDeliveries } from './sweep-deliveries.ts'
import { webhookSecretContext } from './webhook-row.ts'
import {
  call,
  deliveriesIn,
  deliveriesOf,
  inCustody,
  isSigned,
  makePlant,
  newHook,
  openReceiver,
  testApp,
  until,
  withSenders,
} from './webhooks.fixture.ts'

const HOOK_URL = 'https://hooks.example.com/in?key=geheim'
const body = { url: HOOK_URL, event_types: ['PlantCreated'] }

test('201 shows the secret, and no other answer, event or entry of the trail does', async () => {
  const { id, admin } = await newTenant()
  const made = await admin.call(
    'POST',
    '/webhooks',
    { ...body, description: 'To the warehouse' },
    { 'idempotency-key': 'once' },
  )
  assert.equal(made.status, 201, made.text)
  const { secret, ...shown } = made.body
  assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
  assert.deepEqual([shown.url, shown.plant_scope, shown.enabled, shown.state], [HOOK_URL, 'all', true, 'active'])
  const got = await admin.call('GET', `/webhooks/${shown.id}`)
  assert.deepEqual([got.status, got.body, got.headers['etag']], [200, shown, '"1"'])
  await admin.call('PATCH', `/webhooks/${shown.id}`, { description: null })
  await admin.call('POST', `/webhooks/${shown.id}/rotate-secret`)
  const row = await inCustody(async ({ db }) => {
    const { rows } = await sql`select w::text, (select string_agg(answer::text, '') from control.idempotency_keys i
      where i.tenant_id = w.tenant_id) as kept from control.webhooks w where id = ${shown.id}`.execute(db)
    return JSON.stringify(rows)
  })
  await until(async () => (await admin.call('GET', '/events?type=WebhookCreated')).body.items.length > 0)
  const told = (await Promise.all(['/webhooks', '/audit', '/events'].map((path) => admin.call('GET', path)))).map(
    ({ text }) => text,
  )
  for (const text of [...told, row]) assert.ok(!text.includes(secret.slice(6)) && text.length > 50)
  assert.ok(!told[1]!.includes('geheim'), 'the trail does not hold what follows the path')
  assert.ok(told[2]!.includes('WebhookCreated') && told[2]!.includes(`webhooks/${shown.id}`) && id)
})

test('what is not right is refused and named, and makes nothing', async () => {
  const { admin } = await newTenant()
  const plant = '01890000-0000-7000-8000-000000000000'
  const table: [object, number, string, RegExp][] = [
    [{ ...body, url: 'http://127.0.0.1/' }, 422, 'outgoing.url_refused', /internal/],
    [{ ...body, url: 'https://169.254.169.254/latest' }, 422, 'outgoing.url_refused', /internal/],
    [{ ...body, url: 'https://a:b@example.com/' }, 422, 'outgoing.url_refused', /name or a password/],
    [{ ...body, url: 'ftp://example.com/' }, 422, 'outgoing.url_refused', /https/],
    [{ ...body, url: `https://example.com/${'x'.repeat(2000)}` }, 422, 'webhooks.invalid', /url/],
    [{ ...body, event_types: [] }, 422, 'webhooks.invalid', /event_types/],
    [{ ...body, event_types: ['Nothing'] }, 422, 'webhooks.invalid', /event_types/],
    [{ ...body, event_types: ['PlantCreated', 'PlantCreated'] }, 422, 'webhooks.invalid', /event_types/],
    [{ url: HOOK_URL }, 422, 'webhooks.invalid', /event_types/],
    [{ ...body, secret: 'whsec_mine' }, 422, 'webhooks.invalid', /secret/],
    [{ ...body, plant_scope: [plant] }, 422, 'webhooks.invalid', /plant_scope/],
  ]
  for (const [asked, status, code, why] of table) {
    const answer = await admin.call('POST', '/webhooks', asked)
    assert.deepEqual([answer.status, answer.body.error.code], [status, code], JSON.stringify(asked).slice(0, 100))
    assert.match(answer.text, why)
  }
  assert.equal((await admin.call('GET', '/webhooks')).body.pagination.total, 0)
  for (let n = 0; n < 50; n++) assert.equal((await admin.call('POST', '/webhooks', body)).status, 201)
  const full = await admin.call('POST', '/webhooks', body)
  assert.deepEqual([full.status, full.body.error.code], [409, 'webhooks.too_many'])
  const listed = (await admin.call('GET', '/webhooks?limit=20&offset=40&q=HOOKS&enabled=true')).body
  assert.deepEqual([listed.items.length, listed.pagination.total, listed.pagination.has_more], [10, 50, false])
})

test('a change needs the revision that it was made from, acts at once, and DELETE hides', async () => {
  const { admin } = await newTenant()
  const { id } = (await admin.call('POST', '/webhooks', body)).body
  const change = { event_types: 'all', enabled: false }
  const stale = await admin.call('PATCH', `/webhooks/${id}`, change, { 'if-match': '"7"' })
  assert.equal(stale.status, 412)
  const changed = await admin.call('PATCH', `/webhooks/${id}`, change, { 'if-match': '"1"' })
  assert.deepEqual([changed.body.event_types, changed.body.state, changed.body.revision], ['all', 'disabled', 2])
  assert.equal((await admin.call('PATCH', `/webhooks/${id}`, change)).body.revision, 2, 'nothing has changed')
  const { items } = (await admin.call('GET', '/events?type=WebhookUpdated')).body
  assert.ok(items.length <= 1)
  assert.equal((await admin.call('DELETE', `/webhooks/${id}`, undefined, { 'if-match': '"1"' })).status, 412)
  assert.equal((await admin.call('DELETE', `/webhooks/${id}`)).status, 204)
  for (const [method, path] of [
    ['GET', ''],
    ['DELETE', ''],
    ['POST', '/test'],
    ['POST', '/rotate-secret'],
    ['GET', '/deliveries'],
  ] as const)
    assert.equal((await admin.call(method, `/webhooks/${id}${path}`)).body.error.code, 'webhooks.not_found', path)
})

test('while a secret is exchanged both sign, and the older one no more when its time is over', async () => {
  const [tenant, receiver] = [await newTenant(), await openReceiver()]
  const hook = await newHook(tenant, receiver.url)
  const rotated = await call(tenant.admin, 'POST', `/webhooks/${hook.id}/rotate-secret`)
  assert.equal(rotated.status, 200)
  const left = Date.parse(rotated.body.previous_secret_until) - Date.now()
  assert.ok(left > 86_000_000 && left <= 86_400_000)
  await withSenders(async () => {
    await makePlant(tenant)
    await deliveriesIn(tenant.admin, hook.id, 'delivered')
    assert.equal(String(receiver.got[0]!.headers['webhook-signature']).split(' ').length, 2)
    assert.ok(isSigned(receiver.got[0]!, hook.secret) && isSigned(receiver.got[0]!, rotated.body.secret))
    await inCustody(({ db }) =>
      sql`update control.webhooks set previous_until = now() - interval '1 second' where id = ${hook.id}`.execute(db),
    )
    await makePlant(tenant)
    await deliveriesIn(tenant.admin, hook.id, 'delivered', 2)
    assert.ok(!isSigned(receiver.got[1]!, hook.secret) && isSigned(receiver.got[1]!, rotated.body.secret))
    assert.equal((await call(tenant.admin, 'GET', `/webhooks/${hook.id}`)).body.previous_secret_until, null)
  })
  receiver.close()
})

test('nobody makes or takes over a webhook that tells more than they see', async () => {
  const tenant = await newTenant()
  const [mine, other] = [await plantOf(tenant), await plantOf(tenant)]
  const manager = await tenant.user('Asset Manager')
  const limited = await tenant.user('Asset Manager', [mine])
  const codeOf = async (answer: ReturnType<typeof call>): Promise<string> => (await answer).body.error?.code
  // Kinds go by permission: an Asset Manager does not see users.
  assert.equal(await codeOf(manager.call('POST', '/webhooks', { ...body, event_types: 'all' })), 'webhooks.beyond_own')
  assert.equal(
    await codeOf(manager.call('POST', '/webhooks', { ...body, event_types: ['UserCreated'] })),
    'webhooks.beyond_own',
  )
  const whole = (await tenant.admin.call('POST', '/webhooks', { ...body, event_types: 'all' })).body
  assert.equal(
    await codeOf(manager.call('PATCH', `/webhooks/${whole.id}`, { url: 'https://mine.example.com/' })),
    'webhooks.beyond_own',
  )
  assert.equal(await codeOf(manager.call('POST', `/webhooks/${whole.id}/rotate-secret`)), 'webhooks.beyond_own')
  // Plants go by scope: what reaches further is not there at all.
  const made = await limited.call('POST', '/webhooks', body)
  assert.deepEqual([made.status, made.body.plant_scope], [201, [mine]])
  for (const plant_scope of ['all', [mine, other]])
    assert.equal(await codeOf(limited.call('POST', '/webhooks', { ...body, plant_scope })), 'webhooks.beyond_own')
  assert.equal(
    await codeOf(limited.call('PATCH', `/webhooks/${made.body.id}`, { plant_scope: 'all' })),
    'webhooks.beyond_own',
  )
  const listed = (await limited.call('GET', '/webhooks')).body.items.map((one: { id: string }) => one.id)
  assert.deepEqual(listed, [made.body.id])
  for (const path of ['', '/deliveries'])
    assert.equal(await codeOf(limited.call('GET', `/webhooks/${whole.id}${path}`)), 'webhooks.not_found')
  assert.equal(await codeOf(limited.call('DELETE', `/webhooks/${whole.id}`)), 'webhooks.not_found')
  const viewer = await tenant.user('Viewer')
  assert.equal((await viewer.call('GET', '/webhooks')).status, 403)
  assert.equal((await viewer.call('POST', '/webhooks', body)).status, 403)
})

test('a webhook of some plants tells of these and of what belongs to none, and its log shows what one may see', async () => {
  const [tenant, receiver] = [await newTenant(), await openReceiver()]
  const [mine, other] = [await makePlant(tenant), await makePlant(tenant)]
  const event_types = ['PlantUpdated', 'RoleCreated']
  const some = await newHook(tenant, receiver.url, { event_types, plant_scope: [mine] })
  const manager = await tenant.user('Asset Manager')
  await withSenders(async () => {
    for (const id of [other, mine]) await tenant.admin.call('PATCH', `/plants/${id}`, { name: `New ${id}` })
    await tenant.admin.call('POST', '/roles', { name: 'Reader', permissions: ['plants.read'] })
    await deliveriesIn(tenant.admin, some.id, 'delivered', 2)
    const got = receiver.got.map(({ body: text }) => JSON.parse(text).subject as string)
    assert.ok(got.includes(`plants/${mine}`) && !got.includes(`plants/${other}`))
    // Whoever does not see roles does not see them in the log either.
    const seen = (await deliveriesOf(manager, some.id)).map((one) => one['type'])
    assert.deepEqual(seen, ['PlantUpdated'])
  })
  receiver.close()
})

test('another company’s webhook and delivery do not exist, whichever way they are asked for', async () => {
  const [tenant, stranger, receiver] = [await newTenant(), await newTenant(), await openReceiver()]
  const [hook, theirs] = [await newHook(tenant, receiver.url), await newHook(stranger, receiver.url)]
  await withSenders(async () => {
    await makePlant(tenant)
    const [delivery] = await deliveriesIn(tenant.admin, hook.id, 'delivered')
    const id = delivery!['id'] as string
    for (const path of [
      `/webhooks/${hook.id}/deliveries/${id}/replay`,
      `/webhooks/${theirs.id}/deliveries/${id}/replay`,
    ]) {
      const real = await call(stranger.admin, 'POST', path)
      const random = await call(
        stranger.admin,
        'POST',
        path.replace(hook.id, crypto.randomUUID()).replace(id, crypto.randomUUID()),
      )
      assert.deepEqual([real.status, real.body.error.code], [404, random.body.error.code])
    }
    assert.deepEqual(await deliveriesOf(stranger.admin, theirs.id), [])
    assert.equal(receiver.got.length, 1)
  })
  receiver.close()
})

test('the log is paged, forgets what ended 30 days ago, and keeps what waits', async () => {
  const [tenant, receiver] = [await newTenant(), await openReceiver()]
  const hook = await newHook(tenant, receiver.url)
  for (let n = 0; n < 3; n++) await makePlant(tenant)
  await until(async () => (await deliveriesOf(tenant.admin, hook.id)).length === 3)
  const first = (await call(tenant.admin, 'GET', `/webhooks/${hook.id}/deliveries?limit=2`)).body
  const second = (
    await call(tenant.admin, 'GET', `/webhooks/${hook.id}/deliveries?limit=2&cursor=${first.next_cursor}`)
  ).body
  assert.deepEqual([first.items.length, second.items.length, second.next_cursor], [2, 1, null])
  const age = (id: string, state: string, days: number) =>
    inCustody(({ db }) =>
      sql`update control.webhook_deliveries set state = ${state}, finished_at = now() - ${days} * interval '1 day' where id = ${id}`.execute(
        db,
      ),
    )
  await age(first.items[0].id, 'delivered', 31)
  await age(first.items[1].id, 'failed', 29)
  await inCustody(sweepDeliveries)
  const left = await deliveriesOf(tenant.admin, hook.id)
  assert.deepEqual(
    left.map((one) => one['id']),
    [first.items[1].id, second.items[0].id],
  )
  receiver.close()
})

test('after a rotation of the master secret the secrets open with the newest alone', async () => {
  const { installation } = (await testApp()).deps
  const tenant = await newTenant()
  const { id, secret } = (await tenant.admin.call('POST', '/webhooks', body)).body
  await tenant.admin.call('POST', `/webhooks/${id}/rotate-secret`)
  const masters = [{ id: 'newest', secret: randomBytes(32) }, ...installation.masters]
  const ring = derivedRing(masters, 'fields')
  assert.equal(await tenant.admin.write('webhooks.write', (work) => resealWebhooks(work, ring)), 2)
  assert.equal(await tenant.admin.write('webhooks.write', (work) => resealWebhooks(work, ring)), 0)
  const sealed = await inCustody(async ({ db }) =>
    db.selectFrom('control.webhooks').select('previous_secret').where('id', '=', id).executeTakeFirstOrThrow(),
  )
  const alone = derivedRing(masters.slice(0, 1), 'fields')
  assert.equal(
    decryptField(alone, sealed.previous_secret!, webhookSecretContext(tenant.id, 'previous_secret', id)),
    secret,
  )
})

test('copies know how the secrets are sealed, and a company takes its webhooks along without their log', async () => {
  const { custody } = (await testApp()).deps.installation
  const tables = await custody.session((client) => tablesIn(client, 'control'))
  const { sealed } = tables.find(({ name }) => name === 'webhooks')!
  const filled = Object.entries(sealed).map(([column, context]) => [
    column,
    context.replace('{tenant_id}', 'T').replace('{id}', 'W'),
  ])
  assert.deepEqual(Object.fromEntries(filled), {
    secret: webhookSecretContext('T', 'secret', 'W'),
    previous_secret: webhookSecretContext('T', 'previous_secret', 'W'),
  })
  assert.ok(controlTables['webhooks']!.tenant !== null && controlTables['webhook_deliveries']!.tenant === null)
})

test('where a person is erased, what receivers answered to events about them is gone', async () => {
  const [tenant, receiver] = [await newTenant(), await openReceiver()]
  const hook = await newHook(tenant, receiver.url, { event_types: ['UserDeleted', 'PlantCreated'] })
  receiver.answer((_, response) => response.end('Anna Bianchi'))
  const person = await tenant.user('Viewer')
  await withSenders(async () => {
    assert.equal((await tenant.admin.call('DELETE', `/users/${person.userId}`)).status, 204)
    await makePlant(tenant)
    await deliveriesIn(tenant.admin, hook.id, 'delivered', 2)
    const erased = await tenant.admin.call('POST', `/users/${person.userId}/erase`, { confirm: person.email })
    assert.ok(erased.status < 300, erased.text)
    const excerpts = (await deliveriesOf(tenant.admin, hook.id)).map((one) => [one['type'], one['response_excerpt']])
    assert.deepEqual(excerpts, [
      ['PlantCreated', 'Anna Bianchi'],
      ['UserDeleted', null],
    ])
  })
  receiver.close()
})
