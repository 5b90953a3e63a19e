import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { derivedRing } from '#platform/secrets/field-encryption.ts'
import { newTenant, testApp } from '#test/harness.ts'
import { getRegistry } from './get-registry.ts'
import { resealRegistries } from './reseal-registries.ts'

test('after a rotation tax codes open with the newest master alone, and nothing else changed', async () => {
  const { installation } = (await testApp()).deps
  const { admin } = await newTenant()
  const made = await admin.call('POST', '/plants', {
    ...{ name: 'Sigillo', code: 'SIG', type: 'Wind', status: 'In Operation', power_kw: 10 },
  })
  const { id } = made.body
  const before = (await admin.call('PUT', `/plants/${id}/registry`, { tax_code: 'RSSMRA85T10A562S' })).body
  assert.equal(before.tax_code, 'RSSMRA85T10A562S')
  const masters = [{ id: 'newest', secret: randomBytes(32) }, ...installation.masters]
  const ring = derivedRing(masters, 'fields')
  assert.equal(await admin.write('registry.write', (work) => resealRegistries(work, ring)), 1)
  assert.equal(await admin.write('registry.write', (work) => resealRegistries(work, ring)), 0)
  const alone = derivedRing(masters.slice(0, 1), 'fields')
  const after = await admin.read('registry.read', (work) => getRegistry(work, id, alone))
  assert.deepEqual([after.tax_code, after.revision], [before.tax_code, before.revision])
})
