import { identityRefusals } from '../refusals.ts'
import type { StartedSession } from '../sessions/start-session.ts'
import { countGuess, takeBackGuess } from '../sign-in/count-guess.ts'
import { knownDevice } from '../sign-in/known-devices.ts'
import { begin, type SignedIn, type SigningIn } from '../sign-in/log-in.ts'
import { membershipsOf } from '../sign-in/memberships.ts'
import { noteFailedSignIn } from '../sign-in/note-sign-in.ts'
import type { SignInDeps } from '../sign-in/sign-in-deps.ts'
import { findTicketAccount, lockTicket, useTicket } from '../sign-in/tickets.ts'
import { finishSignIn } from '../sign-in/tokens-for.ts'
import { accountScope, type Visit } from '../sign-in/visit.ts'
import { checkCode } from './check-code.ts'
import { sendFactorNotice } from './send-factor-notice.ts'

const { refuse } = identityRefusals
const MOST_ATTEMPTS = 5

type Outcome = { session: StartedSession; how: 'totp' | 'recovery_code' } | null

/**
 * The second step of a sign-in. A ticket takes five codes; codes of an account are counted over all tickets besides,
 * under the rules of password guessing, since who has the password can get tickets without end.
 */
export async function verifySecondFactor(
  deps: SignInDeps,
  visit: Visit,
  token: string,
  code: string,
): Promise<SignedIn> {
  const { database } = deps.installation
  const accountId = await findTicketAccount(database, token)
  // A wrong code must stay counted: the refusal is thrown after the commit.
  const outcome = await database.write(accountScope(visit, accountId), (work) =>
    tryCode(deps, work, visit, { accountId, token, code }),
  )
  if (outcome === null) {
    noteFailedSignIn(deps, visit, accountId, 'second_factor')
    throw refuse('auth.mfa_code_wrong')
  }
  const { session, how } = outcome
  return { answer: await finishSignIn(deps, visit, session, how), device_token: session.device_token }
}

type Tried = { accountId: string; token: string; code: string }

async function tryCode(
  deps: SignInDeps,
  work: SigningIn,
  visit: Visit,
  { accountId, token, code }: Tried,
): Promise<Outcome> {
  const device = await knownDevice(work, accountId, visit)
  const counted = await countGuess(work, { account: `second-factor:${accountId}`, address: visit.ip, device })
  const ticket = await lockTicket(work, token, 'second_factor')
  if (ticket === null || ticket.attempts >= MOST_ATTEMPTS) throw refuse('auth.mfa_token_invalid')
  await work.db
    .updateTable('control.tickets')
    .set({ attempts: ticket.attempts + 1 })
    .where('hash', '=', ticket.hash)
    .execute()
  const how = await checkCode(work, deps.ring, accountId, code)
  if (how === null) return null
  const memberships = await membershipsOf(work, accountId)
  const membership = memberships.find((one) => one.tenant_id === ticket.tenant_id && one.user_id === ticket.user_id)
  if (membership === undefined) throw refuse('auth.no_membership')
  await useTicket(work, ticket.hash)
  await takeBackGuess(work, counted, true)
  if (how === 'recovery_code') await sendFactorNotice(work, accountId, 'recovery_code_used')
  return { session: await begin(work, { visit, accountId, config: deps.config }, membership), how }
}
