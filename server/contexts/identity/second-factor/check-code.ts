import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { decryptField, type KeyRing } from '#platform/secrets/field-encryption.ts'
import { matchRecoveryCode, verifyTotp } from './second-factor.ts'

type Checking = Work<Owned<'control.credentials'>>

/** The place for which a TOTP secret is encrypted as a field. */
export const secretContext = (column: 'totp_secret' | 'totp_pending', accountId: string): string =>
  `control:credentials:${column}:${accountId}`

/** The second factor of an account, locked until the transaction ends, so that no code works twice. */
export async function lockSecondFactor({ db }: Checking, accountId: string) {
  return db
    .selectFrom('control.credentials')
    .select(['totp_secret', 'totp_pending', 'totp_last_step', 'recovery_hashes'])
    .where('account_id', '=', accountId)
    .forUpdate()
    .executeTakeFirst()
}

/** Checks a code and uses it up: a TOTP code by its step, a recovery code by removing it. Null where it is wrong. */
export async function checkCode(
  work: Checking,
  ring: KeyRing,
  accountId: string,
  code: string,
): Promise<'totp' | 'recovery_code' | null> {
  const factor = await lockSecondFactor(work, accountId)
  if (!factor?.totp_secret) return null
  const change = work.db.updateTable('control.credentials').where('account_id', '=', accountId)
  const secret = decryptField(ring, factor.totp_secret, secretContext('totp_secret', accountId))
  const step = verifyTotp(secret, code, work.now, factor.totp_last_step)
  if (step !== null) {
    await change.set({ totp_last_step: step }).execute()
    return 'totp'
  }
  const index = matchRecoveryCode(code, factor.recovery_hashes)
  if (index === null) return null
  await change.set({ recovery_hashes: factor.recovery_hashes.toSpliced(index, 1) }).execute()
  return 'recovery_code'
}
