import assert from 'node:assert/strict'
import { test } from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import { newTenant, plantOf, type TestTenant, type TestUser } from '#test/harness.ts'

const MORNING = {
  category: 'grid',
  starts_at: '2026-05-04T07:00:00Z',
  ends_at: '2026-05-04T10:30:00Z',
  cause: 'Line down',
}
const LEFT = { curtailed_to_kw: null, note: 'Called the distributor' }
const of = (plant: string, id = '') => `/plants/${plant}/stoppages${id && `/${id}`}`

const declare = async (user: TestUser, plant: string, change: object = {}) =>
  user.call('POST', of(plant), { ...MORNING, ...change })
const declared = async (user: TestUser, plant: string, change: object = {}): Promise<string> => {
  const { status, body, text } = await declare(user, plant, change)
  assert.equal(status, 201, text)
  return body.id as string
}
const trailOf = async (tenant: TestTenant, id: string) => {
  const { body } = await tenant.admin.call('GET', `/audit?resource_id=${id}`)
  return body.items.toReversed() as { action: string; before: object | null; after: object | null }[]
}

test('a stoppage is declared, changed under its ETag, ended and taken back, and the trail keeps what it said', async () => {
  const tenant = await newTenant()
  const [plant, { admin }] = [await plantOf(tenant), tenant]
  const made = await declare(admin, plant, { ends_at: undefined, note: 'Called the distributor' })
  assert.deepEqual([made.status, made.headers['etag'], made.body.ends_at], [201, '"1"', null])
  const at = of(plant, made.body.id)
  const changed = await admin.call('PATCH', at, { ends_at: '2026-05-04T10:30:00.5Z' }, { 'if-match': '"1"' })
  assert.deepEqual([changed.status, changed.body.ends_at, changed.body.revision], [200, '2026-05-04T10:30:00.5Z', 2])
  const same = await admin.call('PATCH', at, { starts_at: '2026-05-04T09:00:00+02:00' })
  assert.deepEqual([same.status, same.body.revision], [200, 2], 'another spelling of the same instant changes nothing')
  assert.equal((await admin.call('PATCH', at, { cause: 'x' }, { 'if-match': '"1"' })).status, 412)
  assert.equal((await admin.call('DELETE', at, undefined, { 'if-match': '"1"' })).status, 412)
  const read = await admin.call('GET', at)
  assert.deepEqual([read.status, read.headers['etag'], read.body], [200, '"2"', changed.body])
  assert.equal((await admin.call('DELETE', at)).status, 204)
  assert.deepEqual((await admin.call('GET', at)).body.error.code, 'stoppages.not_found')
  const trail = await trailOf(tenant, made.body.id)
  assert.deepEqual(
    trail.map(({ action }) => action),
    ['stoppages.created', 'stoppages.updated', 'stoppages.deleted'],
  )
  assert.deepEqual(trail[1]?.before, { ends_at: null })
  assert.deepEqual(trail[2]?.before, { ...MORNING, ends_at: '2026-05-04T10:30:00.5Z', ...LEFT })
})

test('one time has one category: what overlaps is refused, what touches is not', async () => {
  const { admin, ...tenant } = await newTenant()
  const [plant, other] = [await plantOf({ admin, ...tenant }), await plantOf({ admin, ...tenant })]
  const id = await declared(admin, plant)
  await declared(admin, plant, { starts_at: '2026-05-04T10:30:00Z', ends_at: '2026-05-04T11:00:00Z' })
  await declared(admin, other)
  for (const change of [
    {},
    { starts_at: '2026-05-04T06:00:00Z', ends_at: '2026-05-04T07:00:00.001Z' },
    { starts_at: '2026-05-04T08:00:00Z', ends_at: '2026-05-04T08:01:00Z' },
    { starts_at: '2026-05-01T00:00:00Z', ends_at: null },
  ]) {
    const { status, body } = await declare(admin, plant, { ...change, category: 'own_failure' })
    assert.deepEqual(
      [status, body.error.code, body.error.details[0].field],
      [409, 'stoppages.overlapping', 'starts_at'],
    )
    assert.ok(body.error.details[0].message.includes(id), 'it says which one')
  }
  const open = await declared(admin, plant, { starts_at: '2026-05-05T00:00:00Z', ends_at: null })
  assert.equal((await declare(admin, plant, { starts_at: '2030-01-01T00:00:00Z', ends_at: null })).status, 409)
  const { status, body } = await admin.call('PATCH', of(plant, id), { ends_at: '2026-05-06T00:00:00Z' })
  assert.deepEqual([status, body.error.code], [409, 'stoppages.overlapping'])
  assert.equal((await admin.call('PATCH', of(plant, open), { ends_at: '2026-05-05T01:00:00Z' })).status, 200)
})

test('two who declare the same time at once: one is refused', async () => {
  const tenant = await newTenant()
  const plant = await plantOf(tenant)
  const statuses = (await Promise.all([1, 2, 3, 4].map(() => declare(tenant.admin, plant)))).map(({ status }) => status)
  assert.deepEqual(
    statuses.toSorted((one, other) => one - other),
    [201, 409, 409, 409],
  )
})

test('what cannot be is refused by field', async () => {
  const tenant = await newTenant()
  const plant = await plantOf(tenant)
  const cases: [object, string][] = [
    [{ ends_at: MORNING.starts_at }, 'ends_at'],
    [{ ends_at: '2026-05-04T06:59:59Z' }, 'ends_at'],
    [{ starts_at: '1999-12-31T23:59:59Z' }, 'starts_at'],
    [{ starts_at: '2126-05-04T07:00:00Z', ends_at: null }, 'starts_at'],
    [{ ends_at: '9999-12-31T23:59:59-23:59' }, 'ends_at'],
    [{ category: 'lunch' }, 'category'],
    [{ cause: ' ' }, 'cause'],
    [{ curtailed_to_kw: -1 }, 'curtailed_to_kw'],
    [{ starts_at: 'yesterday' }, 'starts_at'],
    [{ plant_id: uuidv7() }, 'plant_id'],
  ]
  for (const [change, field] of cases) {
    const { status, body } = await declare(tenant.admin, plant, change)
    assert.deepEqual([status, body.error.details[0].field], [422, field], JSON.stringify(change))
  }
})

test('they are listed by time and category, the latest first', async () => {
  const tenant = await newTenant()
  const [plant, { admin }] = [await plantOf(tenant), tenant]
  const first = await declared(admin, plant)
  const second = await declared(admin, plant, {
    ...{ starts_at: '2026-06-01T00:00:00Z', ends_at: null, category: 'curtailment', curtailed_to_kw: 300 },
  })
  const ids = async (query: string) =>
    (await admin.call('GET', `${of(plant)}${query}`)).body.items.map(({ id }: { id: string }) => id)
  assert.deepEqual(await ids(''), [second, first])
  assert.deepEqual(await ids('?sort=starts_at'), [first, second])
  assert.deepEqual(await ids('?category=grid'), [first])
  assert.deepEqual(await ids('?to=2026-06-01T00:00:00Z'), [first])
  assert.deepEqual(await ids('?from=2026-05-04T10:30:00Z'), [second])
  const { body } = await admin.call('GET', `${of(plant)}?limit=1&offset=5`)
  assert.deepEqual([body.items, body.pagination.total], [[], 2])
})

test('a stoppage is known by its own plant alone, in scope, live and of the same company', async () => {
  const [tenant, stranger] = [await newTenant(), await newTenant()]
  const [mine, theirs] = [await plantOf(tenant), await plantOf(tenant)]
  const id = await declared(tenant.admin, mine)
  const limited = await tenant.user('Asset Manager', [theirs])
  for (const [user, plant, code] of [
    [tenant.admin, theirs, 'stoppages.not_found'],
    [limited, mine, 'plants.not_found'],
    [limited, theirs, 'stoppages.not_found'],
    [stranger.admin, mine, 'plants.not_found'],
  ] as const) {
    for (const method of ['GET', 'PATCH', 'DELETE'] as const) {
      const { status, body } = await user.call(method, of(plant, id), method === 'PATCH' ? { cause: 'x' } : undefined)
      assert.deepEqual([status, body.error.code], [404, code], method)
    }
  }
  assert.equal((await limited.call('GET', of(mine))).status, 404)
  const [viewer, operator] = [await tenant.user('Viewer'), await tenant.user('Operator')]
  assert.equal((await viewer.call('GET', of(mine, id))).status, 200)
  assert.equal((await declare(operator, mine, { starts_at: '2027-01-01T00:00:00Z', ends_at: null })).status, 403)
  assert.equal((await tenant.admin.call('DELETE', `/plants/${mine}`)).status, 204)
  assert.equal((await tenant.admin.call('GET', of(mine, id))).body.error.code, 'plants.not_found')
  assert.equal((await declare(tenant.admin, mine)).status, 404)
})

test('what is declared is told, to those who see the plant', async () => {
  const tenant = await newTenant()
  const plant = await plantOf(tenant)
  const id = await declared(tenant.admin, plant)
  const { rows } = await tenant.admin.read('events.read', async ({ db }) => ({
    rows: await db
      .selectFrom('control.events')
      .select(['type', 'plant_id', 'data'])
      .where('subject', '=', `plants/${plant}/stoppages/${id}`)
      .execute(),
  }))
  assert.deepEqual(rows, [
    {
      ...{ type: 'StoppageCreated', plant_id: plant },
      data: {
        ...{ plant_id: plant, stoppage_id: id, category: 'grid' },
        ...{ starts_at: MORNING.starts_at, ends_at: MORNING.ends_at },
      },
    },
  ])
})
