import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import type { KeyRing } from '#platform/secrets/field-encryption.ts'
import { ownAccount } from '../profile/own-account.ts'
import { identityRefusals } from '../refusals.ts'
import { countGuess, takeBackGuess } from '../sign-in/count-guess.ts'
import { checkCode, lockSecondFactor } from './check-code.ts'
import { sendFactorNotice } from './send-factor-notice.ts'

const { refuse } = identityRefusals
type Own = Work<Owned<'control.credentials' | 'control.guesses' | 'control.users'>>

/**
 * Switches the second factor off by a code of the app or a recovery code. False where the code was wrong: the caller refuses
 * after the commit, because the wrong code stays counted (a stolen access token must not try them all).
 */
export async function disableSecondFactor(work: Own, ring: KeyRing, code: string): Promise<boolean> {
  const { accountId } = await ownAccount(work)
  const guesser = { account: `second-factor:${accountId}`, address: work.ip ?? '', device: null }
  const counted = await countGuess(work, guesser)
  if (!(await lockSecondFactor(work, accountId))?.totp_secret) throw refuse('auth.mfa_not_enabled')
  if ((await checkCode(work, ring, accountId, code)) === null) return false
  await takeBackGuess(work, counted, true)
  await work.db
    .updateTable('control.credentials')
    .set({ totp_secret: null, totp_pending: null, totp_last_step: null, recovery_hashes: [] })
    .where('account_id', '=', accountId)
    .execute()
  await sendFactorNotice(work, accountId, 'disabled')
  work.record({ action: 'auth.second_factor_disabled', resource: 'account', resource_id: accountId })
  return true
}
