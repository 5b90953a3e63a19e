import { sql } from 'kysely'
import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { enqueue } from '#platform/jobs/enqueue.ts'
import { letterOrder } from '../letters/letter-order.ts'
import { identityRefusals } from '../refusals.ts'
import { noteInEachTenant } from '../sign-in/note-sign-in.ts'
import type { SignInDeps } from '../sign-in/sign-in-deps.ts'
import { findTicketAccount, lockTicket, renewTicket } from '../sign-in/tickets.ts'
import { accountScope, NOBODY, type Visit } from '../sign-in/visit.ts'
import { hashNewPassword, requireGoodPassword } from './check-password.ts'
import { passwordOwner } from './password-owner.ts'
import { hashOfToken } from '../tokens/opaque-token.ts'
import { setPassword, sendPasswordNotice } from './set-password.ts'

const { refuse } = identityRefusals
// A stranger must not be able to fill a person's letter box.
const LETTERS_PER_HOUR = 3

// Somebody sits and waits for it.
const FIRST = 10

/**
 * Orders the letter with the link. An unknown email takes the same way as a known one, statement by statement, up to an
 * order for nobody: whether there is an account is asked when the job runs, and neither answer nor time tells.
 */
export async function requestPasswordReset(
  { installation }: Pick<SignInDeps, 'installation'>,
  visit: Visit,
  email: string,
): Promise<void> {
  const { database } = installation
  const rows = await database.lookup(sql<{ id: string | null }>`select control.find_account(${email}) as id`)
  const account_id = rows[0]?.id ?? NOBODY
  await database.write(accountScope(visit, account_id), (work) =>
    enqueue(work, letterOrder, { letter: 'password_reset', account_id }, { priority: FIRST }),
  )
}

/** The ticket for such a letter, when it goes out; null where the person has got enough of them. */
export async function issueResetTicket(
  work: Work<Owned<'control.accounts' | 'control.tickets'>>,
  accountId: string,
  token: string,
): Promise<Date | null> {
  // One at a time, so that letters asked for at the same moment see each other.
  await work.db.selectFrom('control.accounts').select('id').where('id', '=', accountId).forUpdate().execute()
  const hourAgo = new Date(work.now.getTime() - 3_600_000).toISOString()
  const { others } = await work.db
    .selectFrom('control.tickets')
    .select((eb) => eb.fn.countAll<number>().as('others'))
    .where('account_id', '=', accountId)
    .where('purpose', '=', 'password_reset')
    .where('created_at', '>', hourAgo)
    .where('hash', '!=', hashOfToken(token))
    .executeTakeFirstOrThrow()
  if (others >= LETTERS_PER_HOUR) return null
  return renewTicket(work, 'password_reset', token, { account_id: accountId })
}

/** Sets the password by the link of a letter, once, and ends every session of the account. */
export async function resetPassword(deps: SignInDeps, visit: Visit, token: string, password: string): Promise<null> {
  const { database } = deps.installation
  const accountId = await findTicketAccount(database, token)
  const scope = accountScope(visit, accountId)
  await database.write(scope, async (work) => {
    const person = await passwordOwner(work, accountId)
    if (person === null || (await lockTicket(work, token, 'password_reset')) === null) throw refuse('auth.link_invalid')
    requireGoodPassword(password, person.owner)
  })
  const hash = await hashNewPassword(password)
  await database.write(scope, async (work) => {
    if ((await lockTicket(work, token, 'password_reset')) === null) throw refuse('auth.link_invalid')
    // It ends this link with all that was begun.
    await setPassword(work, accountId, { hash, reason: 'password_reset' })
    await sendPasswordNotice(work, accountId, 'reset')
  })
  const entry = { action: 'auth.password_reset', resource: 'account', resource_id: accountId }
  await noteInEachTenant(database, visit, accountId, entry)
  return null
}
