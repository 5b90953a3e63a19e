import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { decryptField, encryptField, type KeyRing } from '#platform/secrets/field-encryption.ts'
import { ownAccount } from '../profile/own-account.ts'
import { identityRefusals } from '../refusals.ts'
import { lockSecondFactor, secretContext } from './check-code.ts'
import { sendFactorNotice } from './send-factor-notice.ts'
import { newRecoveryCodes, newTotpSecret, otpauthUrl, verifyTotp } from './second-factor.ts'

const { refuse } = identityRefusals
type Own = Work<Owned<'control.accounts' | 'control.credentials' | 'control.users'>>

/** Makes a secret that waits for its first code; asking again makes another. */
export async function setUpSecondFactor(
  work: Own,
  { ring, issuer }: { ring: KeyRing; issuer: string },
): Promise<{ secret: string; otpauth_url: string }> {
  const { accountId } = await ownAccount(work)
  if ((await lockSecondFactor(work, accountId))?.totp_secret) throw refuse('auth.mfa_enabled')
  const secret = newTotpSecret()
  await work.db
    .updateTable('control.credentials')
    .set({ totp_pending: encryptField(ring, secret, secretContext('totp_pending', accountId)) })
    .where('account_id', '=', accountId)
    .execute()
  const { email } = await work.db
    .selectFrom('control.accounts')
    .select('email')
    .where('id', '=', accountId)
    .executeTakeFirstOrThrow()
  return { secret, otpauth_url: otpauthUrl(secret, email, issuer) }
}

/** Switches the second factor on with the first code of its app; the recovery codes are told this once. */
export async function enableSecondFactor(
  work: Own,
  ring: KeyRing,
  code: string,
): Promise<{ recovery_codes: string[] }> {
  const { accountId } = await ownAccount(work)
  const factor = await lockSecondFactor(work, accountId)
  if (factor?.totp_secret) throw refuse('auth.mfa_enabled')
  if (!factor?.totp_pending) throw refuse('auth.mfa_not_set_up')
  const secret = decryptField(ring, factor.totp_pending, secretContext('totp_pending', accountId))
  const step = verifyTotp(secret, code, work.now, null)
  if (step === null) throw refuse('auth.code_wrong', { details: [{ field: 'code', message: 'is not right' }] })
  const { codes, hashes } = newRecoveryCodes()
  await work.db
    .updateTable('control.credentials')
    .set({
      totp_secret: encryptField(ring, secret, secretContext('totp_secret', accountId)),
      totp_pending: null,
      totp_last_step: step,
      recovery_hashes: hashes,
    })
    .where('account_id', '=', accountId)
    .execute()
  await sendFactorNotice(work, accountId, 'enabled')
  work.record({ action: 'auth.second_factor_enabled', resource: 'account', resource_id: accountId })
  return { recovery_codes: codes }
}
