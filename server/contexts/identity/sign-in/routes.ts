import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { countedAddress } from '#platform/counted-address.ts'
import { Line, Shape } from '#platform/http/shapes.ts'
import { Type } from 'typebox'
import { acceptInvitation, Accepted } from '../invitations/accept-invitation.ts'
import { passwordRoutes } from '../passwords/routes.ts'
import { ownPrivacyRoutes } from '../privacy/routes.ts'
import { profileRoutes } from '../profile/routes.ts'
import { identityRefusals } from '../refusals.ts'
import { secondFactorRoutes } from '../second-factor/routes.ts'
import { sessionRoutes } from '../sessions/routes.ts'
import { chooseTenant, logIn, type SignedIn } from './log-in.ts'
import { register, Registered, Registration } from './register.ts'
import { Credentials, NewPassword, OpaqueText, SignInAnswer } from './schemas.ts'
import type { SignInDeps } from './sign-in-deps.ts'
import { rememberDevice, visitOf } from './visit.ts'

const tags = ['Sign-in']
const open = { permission: 'public', limits: 'sign_in', idempotent: false } as const
const loginRefusals = [
  'auth.wrong_credentials',
  'auth.too_many_guesses',
  'auth.busy',
  'auth.no_membership',
  'auth.login_token_invalid',
]
const registerRefusals = [
  'auth.registration_closed',
  'auth.email_taken',
  'auth.username_taken',
  'auth.password_refused',
  'auth.busy',
  'tenants.slug_taken',
]
const acceptRefusals = [
  'auth.link_invalid',
  'auth.password_refused',
  'auth.wrong_credentials',
  'auth.too_many_guesses',
  'auth.busy',
]

/** Everything below `/auth` that proves who one is. */
export const signInRoutes =
  (deps: SignInDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { limits, config } = deps

    app.post(
      '/auth/register',
      {
        config: { ...open, refusals: registerRefusals },
        schema: {
          ...{ operationId: 'register', tags, summary: 'Make a company with its first Admin' },
          ...{ body: Registration, response: { 201: Registered } },
        },
      },
      async (request, reply) => {
        await limits.spend('sign_in', `register|${countedAddress(request.ip)}`, reply)
        return reply.code(201).send(await register(deps, visitOf(request), request.body))
      },
    )

    app.post(
      '/auth/login',
      {
        config: { ...open, refusals: loginRefusals },
        schema: {
          ...{ operationId: 'logIn', tags, summary: 'Sign in by email or user name and password' },
          ...{ body: Credentials, response: { 200: SignInAnswer } },
        },
      },
      async (request, reply) => {
        const signedIn = await signIn(deps, request, reply, request.body)
        rememberDevice(reply, config, signedIn.device_token)
        return signedIn.answer
      },
    )

    app.post(
      '/auth/invitations/accept',
      {
        config: { ...open, refusals: acceptRefusals },
        schema: {
          ...{ operationId: 'acceptInvitation', tags, summary: 'Accept an invitation by the link of its letter' },
          description: 'A new person chooses a password; who has an account already gives its password.',
          body: Shape({
            token: OpaqueText,
            password: NewPassword,
            name: Type.Optional(Line(100)),
            surname: Type.Optional(Line(100)),
          }),
          response: { 200: Accepted },
        },
      },
      (request) => acceptInvitation(deps, visitOf(request), request.body),
    )

    await app.register(secondFactorRoutes(deps))
    await app.register(sessionRoutes(deps))
    await app.register(passwordRoutes(deps))
    await app.register(profileRoutes(deps))
    await app.register(ownPrivacyRoutes(deps))
  }

const wrongFields = (field: string, message: string) =>
  identityRefusals.refuse('auth.invalid', { details: [{ field, message }] })

/** Either a name and a password, or the token of a sign-in that waits for its company. */
async function signIn(
  deps: SignInDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  body: Credentials,
): Promise<SignedIn> {
  const { email, username, password, tenant, login_token } = body
  const visit = visitOf(request)
  const login = (email ?? username)?.trim()
  if (login_token !== undefined) {
    if (login !== undefined || password !== undefined)
      throw wrongFields('login_token', 'stands in place of name and password')
    if (tenant === undefined) throw wrongFields('tenant', 'is required')
    return chooseTenant(deps, visit, login_token, tenant)
  }
  if (!login) throw wrongFields('email', 'is required, or a username')
  if (email !== undefined && username !== undefined) throw wrongFields('username', 'stands in place of email')
  if (password === undefined) throw wrongFields('password', 'is required')
  await deps.limits.spend('sign_in', `${login.toLowerCase()}|${countedAddress(request.ip)}`, reply)
  return logIn(deps, visit, { login, password, tenant: tenant ?? null })
}
