import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newTenant, plantOf, type TestUser } from '#test/harness.ts'
import { priceOn } from './energy-price.ts'

const PRICE = { valid_from: '2026-01-01', price_eur_per_kwh: 0.0465, source: 'RID, guaranteed minimum price' }
const of = (plant: string, id = '') => `/plants/${plant}/energy-prices${id && `/${id}`}`
const add = (user: TestUser, plant: string, change: object = {}) =>
  user.call('POST', of(plant), { ...PRICE, ...change })

test('a price holds until the next, and before the first there is none', () => {
  const prices = [
    { valid_from: '2026-01-10', price_eur_per_kwh: 0.1 },
    { valid_from: '2026-01-20', price_eur_per_kwh: null },
    { valid_from: '2026-02-01', price_eur_per_kwh: 0.3 },
  ]
  assert.deepEqual(
    ['2026-01-09', '2026-01-10', '2026-01-19', '2026-01-20', '2026-02-01', '2030-01-01'].map((day) =>
      priceOn(prices, day),
    ),
    [null, 0.1, 0.1, null, 0.3, 0.3],
  )
  assert.equal(priceOn([], '2026-01-01'), null)
})

test('a price is written, changed under its ETag and taken back, and the trail keeps it', async () => {
  const tenant = await newTenant()
  const [plant, { admin }] = [await plantOf(tenant), tenant]
  const made = await add(admin, plant)
  assert.deepEqual([made.status, made.headers['etag'], made.body.price_eur_per_kwh], [201, '"1"', 0.0465])
  const at = of(plant, made.body.id)
  const changed = await admin.call(
    'PATCH',
    at,
    { price_eur_per_kwh: null, note: 'The contract ended' },
    { 'if-match': '"1"' },
  )
  assert.deepEqual([changed.status, changed.body.price_eur_per_kwh, changed.body.revision], [200, null, 2])
  assert.equal((await admin.call('PATCH', at, { note: 'The contract ended' })).body.revision, 2)
  assert.equal((await admin.call('PATCH', at, { note: null }, { 'if-match': '"1"' })).status, 412)
  assert.deepEqual((await admin.call('GET', at)).body, changed.body)
  assert.equal((await admin.call('DELETE', at, undefined, { 'if-match': '"2"' })).status, 204)
  assert.equal((await admin.call('GET', at)).body.error.code, 'energy_prices.not_found')
  const { body } = await admin.call('GET', `/audit?resource_id=${made.body.id}`)
  assert.deepEqual(
    body.items.map(({ action }: { action: string }) => action),
    ['energy_prices.deleted', 'energy_prices.updated', 'energy_prices.created'],
  )
})

test('a day has one price', async () => {
  const { admin, ...tenant } = await newTenant()
  const plant = await plantOf({ admin, ...tenant })
  assert.equal((await add(admin, plant)).status, 201)
  assert.deepEqual((await add(admin, plant)).body.error.code, 'energy_prices.day_taken')
  const second = await add(admin, plant, { valid_from: '2026-02-01' })
  assert.equal(second.status, 201)
  const moved = await admin.call('PATCH', of(plant, second.body.id), { valid_from: '2026-01-01' })
  assert.deepEqual([moved.status, moved.body.error.code], [409, 'energy_prices.day_taken'])
  const { body } = await admin.call('GET', of(plant))
  assert.deepEqual(
    body.items.map(({ valid_from }: { valid_from: string }) => valid_from),
    ['2026-02-01', '2026-01-01'],
  )
  assert.deepEqual((await admin.call('GET', `${of(plant)}?limit=1&offset=9`)).body.pagination.total, 2)
})

test('what cannot be is refused by field', async () => {
  const tenant = await newTenant()
  const plant = await plantOf(tenant)
  for (const [change, field] of [
    [{ valid_from: '1999-12-31' }, 'valid_from'],
    [{ valid_from: '2126-01-01' }, 'valid_from'],
    [{ valid_from: '2026-02-30' }, 'valid_from'],
    [{ price_eur_per_kwh: -0.01 }, 'price_eur_per_kwh'],
    [{ price_eur_per_kwh: 46.5 }, 'price_eur_per_kwh'],
    [{ source: '' }, 'source'],
  ] as const) {
    const { status, body } = await add(tenant.admin, plant, change)
    assert.deepEqual([status, body.error.details[0].field], [422, field], JSON.stringify(change))
  }
})

test('a price is known by its own plant alone, in scope and of the same company', async () => {
  const [tenant, stranger] = [await newTenant(), await newTenant()]
  const [mine, theirs] = [await plantOf(tenant), await plantOf(tenant)]
  const { id } = (await add(tenant.admin, mine)).body
  const limited = await tenant.user('Asset Manager', [theirs])
  for (const [user, plant, code] of [
    [tenant.admin, theirs, 'energy_prices.not_found'],
    [limited, mine, 'plants.not_found'],
    [stranger.admin, mine, 'plants.not_found'],
  ] as const) {
    for (const method of ['GET', 'PATCH', 'DELETE'] as const) {
      const { status, body } = await user.call(method, of(plant, id), method === 'PATCH' ? { note: 'x' } : undefined)
      assert.deepEqual([status, body.error.code], [404, code], method)
    }
  }
  const viewer = await tenant.user('Viewer')
  assert.equal((await viewer.call('GET', of(mine, id))).status, 200)
  assert.equal((await add(viewer, mine, { valid_from: '2027-01-01' })).status, 403)
})
