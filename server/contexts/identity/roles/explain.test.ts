import assert from 'node:assert/strict'
import { test } from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import { type Answer, newTenant, plantOf, request } from '#test/harness.ts'

const failed = ({ body }: Answer): string[] =>
  body.reasons.filter(({ passed }: { passed: boolean }) => !passed).map(({ rule }: { rule: string }) => rule)

test('what a role allows and what it does not is explained, in both languages', async () => {
  const tenant = await newTenant()
  const viewer = await tenant.user('Viewer')
  const may = await viewer.call('GET', '/auth/explain?permission=plants.read')
  assert.deepEqual([may.body.allowed, failed(may)], [true, []])
  const rules = may.body.reasons.map(({ rule }: { rule: string }) => rule)
  assert.deepEqual(rules, ['session', 'user_status', 'permission', 'tenant'])
  const mayNot = await viewer.call('GET', '/auth/explain?permission=plants.write')
  assert.deepEqual([mayNot.body.allowed, failed(mayNot)], [false, ['permission']])
  const { text_en, text_it } = mayNot.body.reasons[2]
  assert.match(text_en, /role Viewer lacks the permission plants\.write/)
  assert.match(text_it, /ruolo Viewer non ha il permesso plants\.write/)
})

test('a plant out of scope, of another company or of nobody is explained with the same words', async () => {
  const [tenant, other] = [await newTenant(), await newTenant()]
  const [mine, hers] = [await plantOf(tenant), await plantOf(tenant)]
  const owner = await tenant.user('Plant Owner', [mine])
  const explain = (id: string) => owner.call('GET', `/auth/explain?permission=plants.read&resource=plant:${id}`)
  assert.equal((await explain(mine)).body.allowed, true)
  const answers = await Promise.all([hers, await plantOf(other), uuidv7()].map(explain))
  for (const answer of answers) {
    assert.deepEqual(failed(answer), ['plant_scope'])
    assert.deepEqual(answer.body, answers[0]!.body)
  }
})

test('what is explained is what happens: suspended, expired and cancelled companies', async () => {
  for (const [change, read, write] of [
    [{ status: 'Suspended' }, true, false],
    [{ plan_expiry: '2020-01-01' }, true, false],
    [{ status: 'Cancelled' }, false, false],
    [{ status: 'Trial' }, true, true],
  ] as const) {
    const tenant = await newTenant(change)
    const allowed = async (permission: string) =>
      (await tenant.admin.call('GET', `/auth/explain?permission=${permission}`)).body.allowed
    assert.deepEqual([await allowed('roles.read'), await allowed('roles.write')], [read, write])
    const listed = await tenant.admin.call('GET', '/roles')
    const made = await tenant.admin.call('POST', '/roles', { name: 'X', permissions: [] })
    assert.deepEqual([listed.status === 200, made.status === 201], [read, write])
    assert.equal(await allowed('tenant.export'), true)
  }
})

test('an API key is explained as what it is, and nobody is told nothing', async () => {
  const tenant = await newTenant()
  const { body } = await tenant.admin.call('POST', '/api-keys', { name: 'Gateway', permissions: ['plants.read'] })
  const answer = await request('GET', '/api/v1/auth/explain?permission=plants.write', { token: body.key })
  assert.deepEqual(failed(answer), ['permission'])
  assert.match(answer.body.reasons[1].text_en, /^The API key lacks/)
  assert.equal((await request('GET', '/api/v1/auth/explain?permission=plants.read')).status, 401)
})

test('what is no permission and no resource is refused, and the field is named', async () => {
  const { admin } = await newTenant()
  for (const [query, field] of [
    ['permission=plants.fly', 'permission'],
    ['permission=plants.read&resource=moon:1', 'resource'],
  ]) {
    const answer = await admin.call('GET', `/auth/explain?${query}`)
    assert.deepEqual([answer.status, answer.body.error.details[0].field], [422, field])
  }
})
