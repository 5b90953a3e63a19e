import type { FastifyRequest } from 'fastify'
import { scopeOf } from '#platform/http/edge.ts'
import type { SignInDeps } from '../sign-in/sign-in-deps.ts'
import { checkOwnPassword, wrongPassword } from './check-own-password.ts'
import { hashNewPassword, requireGoodPassword } from './check-password.ts'
import { passwordOwner } from './password-owner.ts'
import { setPassword, sendPasswordNotice } from './set-password.ts'

/** Changes one's own password, after the present one; the other sessions end. */
export async function changePassword(
  deps: SignInDeps,
  request: FastifyRequest,
  { current, next }: { current: string; next: string },
): Promise<null> {
  const {
    accountId,
    sessionId,
    device,
    owner,
    hash: compared,
  } = await checkOwnPassword(deps, request, current, 'current_password')
  requireGoodPassword(next, owner, 'new_password')
  const hash = await hashNewPassword(next)
  return deps.installation.database.write(scopeOf(request, 'self'), async (work) => {
    const now = await passwordOwner(work, accountId)
    if (now?.hash !== compared) throw wrongPassword('current_password')
    const ended = await setPassword(work, accountId, { hash, reason: 'password_changed', keep: { sessionId, device } })
    await sendPasswordNotice(work, accountId, 'changed')
    work.record({
      action: 'auth.password_changed',
      resource: 'account',
      resource_id: accountId,
      after: { ended_sessions: ended },
    })
    return null
  })
}
