import type { FastifyRequest } from 'fastify'
import { scopeOf } from '#platform/http/edge.ts'
import { ownAccount } from '../profile/own-account.ts'
import { identityRefusals } from '../refusals.ts'
import { countGuess, takeBackGuess } from '../sign-in/count-guess.ts'
import { knownDevice } from '../sign-in/known-devices.ts'
import type { SignInDeps } from '../sign-in/sign-in-deps.ts'
import { visitOf } from '../sign-in/visit.ts'
import { checkPassword } from './check-password.ts'
import { passwordOwner } from './password-owner.ts'
import type { PasswordOwner } from './password-problem.ts'

/** Whose password was right, and the hash that it was compared with. */
export type Proven = {
  accountId: string
  sessionId: string
  device: string | null
  owner: PasswordOwner
  hash: string | null
}

/**
 * Has whoever is signed in say their password again. Wrong ones are counted as those of a sign-in are: a stolen access token must
 * not try them all.
 */
export async function checkOwnPassword(
  { installation: { database } }: Pick<SignInDeps, 'installation'>,
  request: FastifyRequest,
  password: string,
  field: string,
): Promise<Proven> {
  const scope = scopeOf(request, 'self')
  const visit = visitOf(request)
  const { counted, ...proven } = await database.write(scope, async (work) => {
    const { accountId, sessionId } = await ownAccount(work)
    const device = await knownDevice(work, accountId, visit)
    const person = await passwordOwner(work, accountId)
    if (person === null) throw wrongPassword(field)
    const guess = await countGuess(work, { account: accountId, address: visit.ip, device })
    return { accountId, sessionId, device, owner: person.owner, hash: person.hash, counted: guess }
  })
  const giveBack = (right: boolean) => database.write(scope, (work) => takeBackGuess(work, counted, right))
  const { ok } = await checkPassword(proven.hash, password).catch(async (error: unknown) => {
    await giveBack(false)
    throw error
  })
  if (!ok) throw wrongPassword(field)
  await giveBack(true)
  return proven
}

export const wrongPassword = (field: string) =>
  identityRefusals.refuse('auth.password_wrong', { details: [{ field, message: 'is not the present one' }] })
