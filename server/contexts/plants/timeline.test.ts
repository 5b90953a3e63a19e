import assert from 'node:assert/strict'
import { test } from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import { newTenant } from '#test/harness.ts'

test('a timeline says who did what to a plant, newest first, page by page, and shows no values', async () => {
  const tenant = await newTenant()
  const { admin } = tenant
  const plant = { name: 'A', code: 'A', type: 'Wind', status: 'In Operation', power_kw: 9 }
  const { id } = (await admin.call('POST', '/plants', plant)).body
  const other = (await admin.call('POST', '/plants', { ...plant, code: 'B' })).body.id
  await admin.call('PATCH', `/plants/${id}`, { name: 'Aa', power_kw: 10 })
  await admin.call('PUT', `/plants/${id}/registry`, { owner_name: 'Segreto S.r.l.' })
  const viewer = await tenant.user('Viewer', [id])
  const first = await viewer.call('GET', `/plants/${id}/timeline?limit=2`)
  assert.equal(first.status, 200, first.text)
  const rest = await viewer.call('GET', `/plants/${id}/timeline?cursor=${first.body.next_cursor}`)
  const all = [...first.body.items, ...rest.body.items]
  assert.equal(rest.body.next_cursor, null)
  const done = all.filter(({ action }) => action.startsWith('plants.') || action.startsWith('registr'))
  assert.equal(done.at(-1).action, 'plants.created')
  const updated = done.find(({ action }) => action === 'plants.updated')
  assert.deepEqual(updated.fields.includes('name') && updated.fields.includes('power_kw'), true)
  assert.deepEqual(updated.actor, { kind: 'user', id: admin.userId, name: 'Admin Test' })
  assert.ok(all.some(({ fields }) => fields.includes('owner_name')))
  assert.doesNotMatch(first.text + rest.text, /Segreto/)
  assert.equal(new Set(all.map((one) => one.id)).size, all.length)
  for (const unseen of [other, uuidv7()])
    assert.equal((await viewer.call('GET', `/plants/${unseen}/timeline`)).body.error.code, 'plants.not_found')
  assert.equal((await viewer.call('GET', `/plants/${id}/timeline?cursor=abc`)).status, 422)
})
