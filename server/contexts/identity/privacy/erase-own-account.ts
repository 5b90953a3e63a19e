import type { FastifyRequest } from 'fastify'
import { scopeOf } from '#platform/http/edge.ts'
import type { EdgeWork, Scope } from '#platform/database/work.ts'
import { checkOwnPassword } from '../passwords/check-own-password.ts'
import { identityRefusals } from '../refusals.ts'
import { checkCode, lockSecondFactor } from '../second-factor/check-code.ts'
import { countGuess, takeBackGuess } from '../sign-in/count-guess.ts'
import type { SignInDeps } from '../sign-in/sign-in-deps.ts'
import { accountScope, tenantNoteScope, visitOf } from '../sign-in/visit.ts'
import { lockTenant } from '../tenants/lock-tenant.ts'
import { keepLastAdmin } from '../users/last-admin.ts'
import { erasePerson, lockPerson } from './erase-person.ts'
import { listOwnMemberships, type OwnMembership } from './list-own-memberships.ts'

const { refuse } = identityRefusals

/**
 * Erases one's own account, in every company one is or was a user of, after the password and the second factor where it is on.
 * The company of this session comes last: where another one fails (it is just being moved), the person asks again.
 */
export async function eraseOwnAccount(
  deps: SignInDeps,
  request: FastifyRequest,
  { password, code }: { password: string; code?: string | undefined },
): Promise<{ companies: number }> {
  const { database } = deps.installation
  const { accountId } = await checkOwnPassword(deps, request, password, 'password')
  await requireSecondFactor(deps, request, accountId, code)
  const visit = visitOf(request)
  const found = await database.read(accountScope(visit, accountId), (work) => listOwnMemberships(work, accountId))
  const here = request.caller?.tenantId
  const memberships = found.toSorted((a, b) => Number(a.tenant_id === here) - Number(b.tenant_id === here))
  // Their address goes, so it is not written anew.
  const scopeIn = (one: OwnMembership): Scope => ({ ...tenantNoteScope(visit, one.tenant_id, accountId), ip: null })
  // First all are asked, so that nothing is erased where one refuses.
  for (const one of memberships) await database.read(scopeIn(one), (work) => refuseLastAdmin(work, one))
  for (const one of memberships) {
    await database.write(scopeIn(one), async (work) => {
      await lockTenant(work)
      await lockPerson(work, one.id)
      await refuseLastAdmin(work, one)
      await erasePerson(work, one.id)
    })
  }
  return { companies: memberships.length }
}

async function refuseLastAdmin(work: EdgeWork, one: OwnMembership): Promise<void> {
  if (one.deleted_at === null) await keepLastAdmin(work, one, null)
}

async function requireSecondFactor(
  { installation, ring }: SignInDeps,
  request: FastifyRequest,
  accountId: string,
  code: string | undefined,
): Promise<void> {
  const right = await installation.database.write(scopeOf(request, 'self'), async (work) => {
    if (!(await lockSecondFactor(work, accountId))?.totp_secret) return true
    if (code === undefined) return false
    const guesser = { account: `second-factor:${accountId}`, address: work.ip ?? '', device: null }
    const counted = await countGuess(work, guesser)
    if ((await checkCode(work, ring, accountId, code)) === null) return false
    await takeBackGuess(work, counted, true)
    return true
  })
  // After the commit: the wrong code stays counted.
  if (!right)
    throw refuse('auth.code_wrong', { details: [{ field: 'code', message: 'of the second factor is needed' }] })
}
