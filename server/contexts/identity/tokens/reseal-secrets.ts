import type { Owned } from '#tables'
import type { Custody } from '#platform/database/custody.ts'
import { decryptField, encryptField, needsReencryption, type KeyRing } from '#platform/secrets/field-encryption.ts'
import { secretContext } from '../second-factor/check-code.ts'
import { signingKeyContext } from './signing-keys.ts'

type Resealing = Custody<Owned<'control.credentials' | 'control.signing_keys'>>

const reseal = (ring: KeyRing, sealed: string, context: string): string =>
  encryptField(ring, decryptField(ring, sealed, context), context)

/** Seals second factors and signing keys with the newest master secret; answers how many were sealed with an older one. */
export async function resealSecrets(custody: Resealing, ring: KeyRing): Promise<number> {
  const keys = await resealSigningKeys(custody, ring)
  return keys + (await resealCredentials(custody, ring))
}

async function resealSigningKeys({ db }: Resealing, ring: KeyRing): Promise<number> {
  const rows = await db.selectFrom('control.signing_keys').select(['kid', 'private_pem']).forUpdate().execute()
  const old = rows.filter(({ private_pem }) => needsReencryption(ring, private_pem))
  for (const { kid, private_pem } of old) {
    const sealed = reseal(ring, private_pem, signingKeyContext(kid))
    await db.updateTable('control.signing_keys').set({ private_pem: sealed }).where('kid', '=', kid).execute()
  }
  return old.length
}

async function resealCredentials({ db }: Resealing, ring: KeyRing): Promise<number> {
  const rows = await db
    .selectFrom('control.credentials')
    .select(['account_id', 'totp_secret', 'totp_pending'])
    .where((eb) => eb.or([eb('totp_secret', 'is not', null), eb('totp_pending', 'is not', null)]))
    .forUpdate()
    .execute()
  let count = 0
  for (const { account_id, ...row } of rows) {
    for (const column of ['totp_secret', 'totp_pending'] as const) {
      const sealed = row[column]
      if (sealed === null || !needsReencryption(ring, sealed)) continue
      const again = reseal(ring, sealed, secretContext(column, account_id))
      await db
        .updateTable('control.credentials')
        .set({ [column]: again })
        .where('account_id', '=', account_id)
        .execute()
      count += 1
    }
  }
  return count
}
