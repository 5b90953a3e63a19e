import { sql } from 'kysely'
import type { Database } from '#platform/database/work.ts'
import { identityRefusals } from '../refusals.ts'
import { noteInEachTenant } from '../sign-in/note-sign-in.ts'
import { accountScope } from '../sign-in/visit.ts'
import { hashNewPassword, requireGoodPassword } from './check-password.ts'
import { passwordOwner } from './password-owner.ts'
import { setPassword, sendPasswordNotice } from './set-password.ts'

/**
 * Gives an account a new password, for who runs the service: where no letter can be sent. Its sessions end. Every company
 * that lets the account in finds it in its trail. Refused with `users.not_found` where there is no such account.
 */
export async function givePassword(
  database: Database,
  login: string,
  password: string,
  requestId: string,
): Promise<void> {
  const rows = await database.lookup(sql<{ id: string | null }>`select control.find_account(${login}) as id`)
  const accountId = rows[0]?.id
  if (!accountId) throw identityRefusals.refuse('users.not_found')
  const visit = { requestId, ip: 'local', userAgent: null, device: null }
  const scope = accountScope(visit, accountId)
  const person = await database.read(scope, (work) => passwordOwner(work, accountId))
  if (person === null) throw identityRefusals.refuse('users.not_found')
  requireGoodPassword(password, person.owner)
  const hash = await hashNewPassword(password)
  await database.write(scope, async (work) => {
    await setPassword(work, accountId, { hash, reason: 'password_reset' })
    await sendPasswordNotice(work, accountId, 'given')
  })
  const entry = { action: 'auth.password_given', resource: 'account', resource_id: accountId }
  await noteInEachTenant(database, visit, accountId, entry)
}
