import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { AllTables } from '#tables'
import type { Custody } from '#platform/database/custody.ts'
import { decryptField, derivedRing, encryptField, needsReencryption } from '#platform/secrets/field-encryption.ts'
import { newTenant, testApp } from '#test/harness.ts'
import { secretContext } from '../second-factor/check-code.ts'
import { resealSecrets } from './reseal-secrets.ts'

test('after a rotation every secret opens with the newest master alone, and a second round finds nothing', async () => {
  const { installation } = (await testApp()).deps
  const { admin } = await newTenant()
  const old = installation.masters
  const masters = [{ id: 'newest', secret: randomBytes(32) }, ...old]
  const context = secretContext('totp_secret', admin.accountId)
  const rolledBack = new Error('the other tests keep their secrets')
  const attempt = installation.custody.run(async (custody: Custody<AllTables>) => {
    const { db } = custody
    const sealed = encryptField(derivedRing(old, 'fields'), 'JBSWY3DPEHPK3PXP', context)
    await db
      .updateTable('control.credentials')
      .set({ totp_secret: sealed })
      .where('account_id', '=', admin.accountId)
      .execute()
    const ring = derivedRing(masters, 'fields')
    assert.ok((await resealSecrets(custody, ring)) >= 2, 'a second factor and a signing key at least')
    assert.equal(await resealSecrets(custody, ring), 0)
    const row = await db
      .selectFrom('control.credentials')
      .select('totp_secret')
      .where('account_id', '=', admin.accountId)
      .executeTakeFirstOrThrow()
    const alone = derivedRing(masters.slice(0, 1), 'fields')
    assert.equal(decryptField(alone, row.totp_secret!, context), 'JBSWY3DPEHPK3PXP')
    const keys = await db.selectFrom('control.signing_keys').select('private_pem').execute()
    assert.ok(keys.length > 0 && keys.every(({ private_pem }) => !needsReencryption(alone, private_pem)))
    throw rolledBack
  })
  await assert.rejects(attempt, rolledBack)
})
