import { newId } from '#platform/new-id.ts'
import { signAccessToken } from '../tokens/access-token.ts'
import type { StartedSession } from '../sessions/start-session.ts'
import type { SignInDeps } from './sign-in-deps.ts'
import type { Tokens } from './schemas.ts'
import type { Visit } from './visit.ts'

/** Signs the access token of a session and puts it beside its refresh token. */
export async function tokensFor(
  { issuing }: Pick<SignInDeps, 'issuing'>,
  session: { tenant_id: string; user_id: string; session_id: string; role: string; refresh_token: string },
): Promise<Tokens> {
  const { tenant_id, user_id, session_id, role, refresh_token } = session
  const issuer = issuing.current()
  const subject = { sub: user_id, jti: newId(), tenant_id, session_id, roles: [role] }
  const access_token = await signAccessToken(issuer, subject, new Date())
  return { access_token, refresh_token, token_type: 'bearer', expires_in: issuer.keys.lifetimeS }
}

/** The end of every sign-in: noted in the tenant's trail, and the tokens. */
export async function finishSignIn(
  deps: SignInDeps,
  visit: Visit,
  started: StartedSession,
  how: string,
): Promise<Tokens> {
  const { membership, session_id, refresh_token } = started
  const { tenant_id, user_id, role } = membership
  await deps.installation.database.write(
    {
      open: { kind: 'scope', principal: `s${session_id}`, permission: null, mode: 'self' },
      tenantId: tenant_id,
      actor: { kind: 'user', id: user_id, account_id: null, session_id },
      requestId: visit.requestId,
      ip: visit.ip,
    },
    (work) => {
      work.record({
        action: 'auth.signed_in',
        resource: 'session',
        resource_id: session_id,
        after: { how, new_device: started.unusual },
      })
      return Promise.resolve()
    },
  )
  return tokensFor(deps, { tenant_id, user_id, session_id, role, refresh_token })
}
