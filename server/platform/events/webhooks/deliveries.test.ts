import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { newTenant } from '../../../test/harness.ts'
import {
  call,
  deliveriesIn,
  deliveriesOf,
  hurry,
  inCustody,
  isSigned,
  makePlant,
  newHook,
  openReceiver,
  until,
  withSenders,
} from './webhooks.fixture.ts'

test('an event is sent as the history has it, signed as Standard Webhooks says, and the log tells', async () => {
  const [tenant, receiver] = [await newTenant(), await openReceiver()]
  const hook = await newHook(tenant, receiver.url)
  receiver.answer((_, response) => response.end('ricevuto \u0000 \u0007'))
  await withSenders(async () => {
    await makePlant(tenant)
    const [delivery] = await deliveriesIn(tenant.admin, hook.id, 'delivered')
    const [received] = receiver.got
    assert.equal(receiver.got.length, 1)
    assert.ok(isSigned(received!, hook.secret))
    assert.ok(!isSigned(received!, `whsec_${Buffer.alloc(32).toString('base64')}`))
    assert.equal(received!.headers['content-type'], 'application/json')
    const events = (await tenant.admin.call('GET', '/events?type=PlantCreated')).body.items
    assert.deepEqual(JSON.parse(received!.body), events[0])
    assert.equal(received!.headers['webhook-id'], events[0].id)
    const { state, attempts, response_status, response_excerpt, error, message_id, next_attempt_at } = delivery!
    assert.deepEqual(
      { state, attempts, response_status, response_excerpt, error, message_id, next_attempt_at },
      {
        ...{ state: 'delivered', attempts: 1, response_status: 200, response_excerpt: 'ricevuto � �' },
        ...{ error: null, message_id: events[0].id, next_attempt_at: null },
      },
    )
    assert.ok((delivery!['duration_ms'] as number) >= 0)
  })
  receiver.close()
})

test('a failure is tried again under the same id with a new time, until it succeeds', async () => {
  const [tenant, receiver] = [await newTenant(), await openReceiver()]
  const hook = await newHook(tenant, receiver.url)
  receiver.answer((_, response) => response.writeHead(500).end('no'))
  await withSenders(async () => {
    await makePlant(tenant)
    await until(async () => (await deliveriesOf(tenant.admin, hook.id))[0]?.['attempts'] === 1)
    const [waiting] = await deliveriesOf(tenant.admin, hook.id)
    const wait = Date.parse(String(waiting!['next_attempt_at'])) - Date.parse(String(waiting!['last_attempt_at']))
    assert.ok(wait >= 4_900 && wait < 7_000, `${wait} ms`)
    assert.deepEqual([waiting!['state'], waiting!['response_status']], ['pending', 500])
    assert.match(String(waiting!['error']), /^webhooks\.answered/)
    const told = (await call(tenant.admin, 'GET', `/webhooks/${hook.id}`)).body
    assert.equal(told.state, 'failing')
    assert.ok(told.failing_since)
    await deliveriesIn(tenant.admin, hook.id, 'pending')
    receiver.answer((_, response) => response.writeHead(200).end())
    // The five seconds of the schedule, in truth.
    await deliveriesIn(tenant.admin, hook.id, 'delivered')
    assert.equal(receiver.got.length, 2)
    const [one, two] = receiver.got
    assert.equal(one!.headers['webhook-id'], two!.headers['webhook-id'])
    assert.notEqual(one!.headers['webhook-timestamp'], two!.headers['webhook-timestamp'])
    assert.equal(one!.body, two!.body)
    assert.ok(isSigned(one!, hook.secret) && isSigned(two!, hook.secret))
    assert.equal((await call(tenant.admin, 'GET', `/webhooks/${hook.id}`)).body.state, 'active')
  })
  receiver.close()
})

test('after the tenth failure it has failed, and one that is replayed goes out again under the same id', async () => {
  const [tenant, receiver] = [await newTenant(), await openReceiver()]
  const hook = await newHook(tenant, receiver.url)
  receiver.answer((_, response) => response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end())
  await withSenders(async () => {
    await makePlant(tenant)
    for (let attempt = 1; attempt < 10; attempt++) {
      await until(async () => (await deliveriesOf(tenant.admin, hook.id))[0]?.['attempts'] === attempt)
      await hurry(tenant.id)
    }
    const [failed] = await deliveriesIn(tenant.admin, hook.id, 'failed')
    assert.deepEqual([failed!['attempts'], failed!['response_status'], receiver.got.length], [10, 302, 10])
    // Not three days yet: the webhook goes on.
    assert.equal((await call(tenant.admin, 'GET', `/webhooks/${hook.id}`)).body.enabled, true)
    receiver.answer((_, response) => response.writeHead(204).end())
    await hurry(tenant.id)
    const replay = await call(tenant.admin, 'POST', `/webhooks/${hook.id}/deliveries/${failed!['id'] as string}/replay`)
    assert.deepEqual([replay.status, replay.body.state, replay.body.attempts], [202, 'pending', 0])
    await deliveriesIn(tenant.admin, hook.id, 'delivered')
    assert.equal(new Set(receiver.got.map(({ headers }) => headers['webhook-id'])).size, 1)
  })
  receiver.close()
})

test('410 ends a webhook at once; its company is told, nothing more is queued, and enabling begins anew', async () => {
  const [tenant, receiver] = [await newTenant(), await openReceiver()]
  const hook = await newHook(tenant, receiver.url)
  receiver.answer((_, response) => response.writeHead(410).end())
  await withSenders(async () => {
    await makePlant(tenant)
    await deliveriesIn(tenant.admin, hook.id, 'failed')
    const ended = (await call(tenant.admin, 'GET', `/webhooks/${hook.id}`)).body
    assert.deepEqual([ended.enabled, ended.state, ended.disabled_reason], [false, 'disabled', 'gone'])
    const disabled = async () => (await tenant.admin.call('GET', '/events?type=WebhookDisabled')).body.items
    await until(async () => (await disabled()).length > 0)
    assert.deepEqual((await disabled())[0].data.reason, 'gone')
    const trail = (await tenant.admin.call('GET', '/audit')).body.items
    assert.ok(trail.some(({ action }: { action: string }) => action === 'webhooks.disabled'))
    const before = (await tenant.admin.call('GET', '/events')).body.items.at(-1).sequence as number
    await makePlant(tenant)
    await until(async () => (await tenant.admin.call('GET', '/events')).body.items.at(-1).sequence > before)
    const refused = await call(tenant.admin, 'POST', `/webhooks/${hook.id}/replay`, { from_sequence: 1 })
    assert.deepEqual([refused.status, refused.body.error.code], [409, 'webhooks.disabled'])
    receiver.answer((_, response) => response.writeHead(200).end())
    const enabled = await call(tenant.admin, 'PATCH', `/webhooks/${hook.id}`, { enabled: true })
    assert.deepEqual([enabled.body.state, enabled.body.disabled_reason], ['active', null])
    // What it missed is not lost: it is asked for from a sequence on.
    const replay = await call(tenant.admin, 'POST', `/webhooks/${hook.id}/replay`, { from_sequence: 1 })
    assert.equal(replay.status, 202, replay.text)
    await deliveriesIn(tenant.admin, hook.id, 'delivered', 2)
    const types = receiver.got.map(({ body }) => (JSON.parse(body) as { type: string }).type)
    assert.deepEqual(new Set(types), new Set(['PlantCreated']))
  })
  receiver.close()
})

test('one that has failed for three days is disabled', async () => {
  const [tenant, receiver] = [await newTenant(), await openReceiver()]
  const hook = await newHook(tenant, receiver.url)
  receiver.answer((_, response) => response.writeHead(503).end())
  await inCustody(({ db }) =>
    sql`update control.webhooks set failures = 9, failing_since = now() - interval '73 hours' where id = ${hook.id}`.execute(
      db,
    ),
  )
  await withSenders(async () => {
    await makePlant(tenant)
    await until(async () => (await call(tenant.admin, 'GET', `/webhooks/${hook.id}`)).body.enabled === false)
  })
  const { disabled_reason } = (await call(tenant.admin, 'GET', `/webhooks/${hook.id}`)).body
  assert.equal(disabled_reason, 'failing')
  const told = async () => (await tenant.admin.call('GET', '/events?type=WebhookDisabled')).body.items
  await until(async () => (await told()).length > 0)
  assert.equal((await told())[0].data.host, new URL(receiver.url).host)
  receiver.close()
})

test('Retry-After is kept, and the whole receiver is left alone until then', async () => {
  const [tenant, receiver] = [await newTenant(), await openReceiver()]
  const hook = await newHook(tenant, receiver.url)
  receiver.answer((_, response) => response.writeHead(429, { 'retry-after': '600' }).end())
  await withSenders(async () => {
    await makePlant(tenant)
    await until(async () => (await deliveriesOf(tenant.admin, hook.id))[0]?.['attempts'] === 1)
    await makePlant(tenant)
    const later = Date.now() + 500_000
    await until(async () => {
      const all = await deliveriesOf(tenant.admin, hook.id)
      return all.length === 2 && all.every((one) => Date.parse(String(one['next_attempt_at'])) > later)
    })
    const attempts = (await deliveriesOf(tenant.admin, hook.id)).map((one) => one['attempts'])
    assert.deepEqual(attempts, [0, 1], 'what waits for the receiver is no attempt')
    assert.equal(receiver.got.length, 1)
  })
  receiver.close()
})

test('the same receiver, dead: after three failures one delivery at a time asks for it, and the others wait without counting', async () => {
  const [tenant, receiver] = [await newTenant(), await openReceiver()]
  const hook = await newHook(tenant, receiver.url)
  receiver.answer((_, response) => response.destroy())
  for (let n = 0; n < 12; n++) await makePlant(tenant)
  await withSenders(async () => {
    await until(async () => {
      const all = await deliveriesOf(tenant.admin, hook.id)
      return all.length === 12 && all.every((one) => Date.parse(String(one['next_attempt_at'])) > Date.now() + 500)
    })
  })
  assert.ok(receiver.got.length < 12, `${receiver.got.length} calls`)
  const [failed] = (await deliveriesOf(tenant.admin, hook.id)).filter((one) => one['attempts'] === 1)
  assert.match(String(failed!['error']), /^outgoing\.failed/)
  receiver.close()
})

test('another company’s dead receiver delays nobody', async () => {
  const [dead, lively, silent, receiver] = [
    ...[await newTenant(), await newTenant()],
    ...[await openReceiver(), await openReceiver()],
  ] as const
  silent.answer(() => undefined)
  await newHook(dead, silent.url)
  const hook = await newHook(lively, receiver.url)
  await withSenders(async () => {
    for (let n = 0; n < 10; n++) await makePlant(dead)
    await until(() => silent.got.length === 3)
    const start = Date.now()
    await makePlant(lively)
    await until(() => receiver.got.length === 1)
    assert.ok(Date.now() - start < 5_000, `${Date.now() - start} ms`)
    assert.equal(silent.got.length, 3, 'three at once, and no more')
  })
  assert.ok(hook.id)
  silent.close()
  receiver.close()
})

test('while a company is suspended nothing is sent and its webhooks say so; afterwards what waited goes out', async () => {
  const [tenant, receiver] = [await newTenant(), await openReceiver()]
  const hook = await newHook(tenant, receiver.url)
  const become = (status: string) =>
    inCustody(({ db }) => sql`update control.tenants set status = ${status} where id = ${tenant.id}`.execute(db))
  await makePlant(tenant)
  await until(async () => (await deliveriesOf(tenant.admin, hook.id)).length === 1)
  await become('Suspended')
  await withSenders(async () => {
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    assert.equal(receiver.got.length, 0)
    assert.equal((await call(tenant.admin, 'GET', `/webhooks/${hook.id}`)).body.state, 'suspended')
    const refused = await call(tenant.admin, 'POST', `/webhooks/${hook.id}/test`)
    assert.deepEqual([refused.status, refused.body.error.code], [403, 'tenant.suspended'])
    await become('Active')
    await deliveriesIn(tenant.admin, hook.id, 'delivered')
    assert.equal((await call(tenant.admin, 'GET', `/webhooks/${hook.id}`)).body.state, 'active')
  })
  receiver.close()
})

test('what waits for a webhook that is disabled or removed is cancelled; a name that leads inside is never called', async () => {
  const [tenant, receiver] = [await newTenant(), await openReceiver()]
  const [disabled, removed] = [await newHook(tenant, receiver.url), await newHook(tenant, receiver.url)]
  const inside = await newHook(tenant, 'http://localhost.localdomain.invalid/')
  await makePlant(tenant)
  for (const { id } of [disabled, removed, inside])
    await until(async () => (await deliveriesOf(tenant.admin, id)).length === 1)
  await call(tenant.admin, 'PATCH', `/webhooks/${disabled.id}`, { enabled: false })
  assert.equal((await call(tenant.admin, 'DELETE', `/webhooks/${removed.id}`)).status, 204)
  await withSenders(async () => {
    await deliveriesIn(tenant.admin, disabled.id, 'cancelled')
    await until(() =>
      inCustody(async ({ db }) => {
        const { rows } = await sql<{ state: string }>`
          select state from control.webhook_deliveries where webhook_id = ${removed.id}`.execute(db)
        return rows[0]?.state === 'cancelled'
      }),
    )
    await until(async () =>
      String((await deliveriesOf(tenant.admin, inside.id))[0]?.['error']).startsWith('outgoing.unresolved'),
    )
  })
  assert.equal(receiver.got.length, 0)
  assert.equal((await call(tenant.admin, 'GET', `/webhooks/${removed.id}/deliveries`)).status, 404)
  receiver.close()
})

test('a test goes out once, also to a webhook that is disabled, and says that it is one', async () => {
  const [tenant, receiver] = [await newTenant(), await openReceiver()]
  const hook = await newHook(tenant, receiver.url, { enabled: false })
  receiver.answer((_, response) => response.writeHead(500).end())
  await withSenders(async () => {
    const queued = await call(tenant.admin, 'POST', `/webhooks/${hook.id}/test`)
    assert.deepEqual([queued.status, queued.body.state, queued.body.sequence], [202, 'pending', null])
    const [failed] = await deliveriesIn(tenant.admin, hook.id, 'failed')
    assert.deepEqual([failed!['id'], failed!['attempts'], failed!['type']], [queued.body.id, 1, 'WebhookTest'])
    const [received] = receiver.got
    assert.ok(isSigned(received!, hook.secret))
    const event = JSON.parse(received!.body)
    assert.deepEqual([event.id, event.sequence], [received!.headers['webhook-id'], 0])
    assert.deepEqual([event.type, event.data], ['WebhookTest', { webhook_id: hook.id }])
    assert.equal((await call(tenant.admin, 'GET', `/webhooks/${hook.id}`)).body.failing_since, null)
  })
  receiver.close()
})
