import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newTenant } from '#test/harness.ts'

test('a company sees its plan and what it uses of it', async () => {
  const tenant = await newTenant({ max_users: 7, max_plants: 9 })
  await tenant.user('Viewer')
  const { status, body, headers } = await tenant.admin.call('GET', '/tenant')
  assert.equal(status, 200)
  const { id, slug, max_users, max_plants, usage } = body
  assert.deepEqual(
    { id, slug, max_users, max_plants, usage },
    {
      ...{ id: tenant.id, slug: tenant.slug, max_users: 7, max_plants: 9, usage: { users: 2, plants: 0 } },
    },
  )
  assert.equal(headers['etag'], '"1"')
  assert.doesNotMatch(JSON.stringify(body), /schema_name|epoch|moving/)
})

test('settings that are sent are changed, the others stay', async () => {
  const { admin } = await newTenant()
  const first = { configuration: { time_zone: 'Europe/Rome', currency: 'EUR', brand: { color: '#1f6f4a' } } }
  assert.equal((await admin.call('PATCH', '/tenant', first)).status, 200)
  const second = { name: 'Solare Nord', configuration: { time_zone: 'America/New_York', locale: 'en-GB' } }
  const { body } = await admin.call('PATCH', '/tenant', second, { 'if-match': '"2"' })
  assert.equal(body.name, 'Solare Nord')
  assert.deepEqual(body.configuration, { ...first.configuration, ...second.configuration })
  assert.equal((await admin.call('PATCH', '/tenant', { name: 'X' }, { 'if-match': '"2"' })).status, 412)
  const [entry] = (await admin.call('GET', '/audit?action=tenant.updated')).body.items
  assert.equal(entry.after.name, 'Solare Nord')
})

test('zones, currencies and languages that do not exist are refused and named', async () => {
  const { admin } = await newTenant()
  for (const [field, values] of Object.entries({
    time_zone: ['Europe/Roma', '+01:00', 'rome', 'Mars/Olympus', ''],
    currency: ['EURO', 'XQQ', 'eur'],
    locale: ['italiano', 'xx-QQ'],
  })) {
    for (const value of values) {
      const answer = await admin.call('PATCH', '/tenant', { configuration: { [field]: value } })
      assert.equal(answer.status, 422, `${field} ${value}`)
      assert.match(answer.body.error.details[0].field, new RegExp(`configuration.${field}`))
    }
  }
  for (const time_zone of ['UTC', 'Asia/Kolkata', 'America/Argentina/Buenos_Aires', 'Europe/Kyiv']) {
    assert.equal((await admin.call('PATCH', '/tenant', { configuration: { time_zone } })).status, 200, time_zone)
  }
})

test('nobody changes limits, status, tier or short name of their own company', async () => {
  const tenant = await newTenant()
  for (const change of [
    { max_users: 99 },
    { status: 'Active' },
    { tier: 'enterprise' },
    { slug: 'other' },
    { plan_expiry: null },
  ]) {
    assert.equal((await tenant.admin.call('PATCH', '/tenant', change)).status, 422)
  }
  assert.equal((await (await tenant.user('Asset Manager')).call('PATCH', '/tenant', { name: 'X' })).status, 403)
})

test('a suspended company sees its settings and does not change them', async () => {
  const { admin } = await newTenant({ status: 'Suspended' })
  assert.equal((await admin.call('GET', '/tenant')).status, 200)
  const refused = await admin.call('PATCH', '/tenant', { name: 'X' })
  assert.deepEqual([refused.status, refused.body.error.code], [403, 'tenant.suspended'])
})
