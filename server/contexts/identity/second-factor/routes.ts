import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { Nothing, Shape } from '#platform/http/shapes.ts'
import { identityRefusals } from '../refusals.ts'
import { Code, OpaqueText, Tokens } from '../sign-in/schemas.ts'
import type { SignInDeps } from '../sign-in/sign-in-deps.ts'
import { rememberDevice, visitOf } from '../sign-in/visit.ts'
import { disableSecondFactor } from './disable-second-factor.ts'
import { enableSecondFactor, setUpSecondFactor } from './set-up-second-factor.ts'
import { verifySecondFactor } from './verify-second-factor.ts'

const tags = ['Sign-in']
const own = { permission: 'signed_in', mode: 'self', idempotent: false } as const
const open = { permission: 'public', limits: 'sign_in', idempotent: false } as const
const CodeBody = Shape({ code: Code })

const verify = {
  config: {
    ...open,
    refusals: ['auth.mfa_token_invalid', 'auth.mfa_code_wrong', 'auth.no_membership', 'auth.too_many_guesses'],
  },
  schema: {
    ...{ operationId: 'verifySecondFactor', tags, summary: 'Give the second factor and finish signing in' },
    ...{ body: Shape({ mfa_token: OpaqueText, code: Code }), response: { 200: Tokens } },
  },
}
const setUp = {
  config: { ...own, refusals: ['auth.person_required', 'auth.mfa_enabled'] },
  schema: {
    ...{ operationId: 'setUpSecondFactor', tags, summary: 'Make a secret for an authenticator app' },
    response: { 200: Type.Object({ secret: Type.String(), otpauth_url: Type.String() }) },
  },
}
const enable = {
  config: { ...own, refusals: ['auth.person_required', 'auth.mfa_enabled', 'auth.mfa_not_set_up', 'auth.code_wrong'] },
  schema: {
    ...{ operationId: 'enableSecondFactor', tags, summary: 'Switch the second factor on by its first code' },
    ...{ body: CodeBody, response: { 200: Type.Object({ recovery_codes: Type.Array(Type.String()) }) } },
  },
}
const disable = {
  config: {
    ...own,
    refusals: ['auth.person_required', 'auth.mfa_not_enabled', 'auth.code_wrong', 'auth.too_many_guesses'],
  },
  schema: {
    ...{ operationId: 'disableSecondFactor', tags, summary: 'Switch the second factor off by a code' },
    ...{ body: CodeBody, response: { 204: Nothing } },
  },
}

/** `/auth/mfa/…`: the second step of a sign-in, and switching it on and off. */
export const secondFactorRoutes = (deps: SignInDeps): FastifyPluginAsyncTypebox => {
  const { edges, ring, config } = deps
  return async (app) => {
    app.post('/auth/mfa/verify', verify, async (request, reply) => {
      const { mfa_token, code } = request.body
      const signedIn = await verifySecondFactor(deps, visitOf(request), mfa_token, code)
      rememberDevice(reply, config, signedIn.device_token)
      return signedIn.answer as Tokens
    })

    app.post('/auth/mfa/setup', setUp, (request, reply) =>
      edges.write(request, reply, (work) => setUpSecondFactor(work, { ring, issuer: config.APP_NAME })),
    )

    app.post('/auth/mfa/enable', enable, (request, reply) =>
      edges.write(request, reply, (work) => enableSecondFactor(work, ring, request.body.code)),
    )

    app.post('/auth/mfa/disable', disable, async (request, reply) => {
      const { code } = request.body
      const done = await edges.write(request, reply, (work) => disableSecondFactor(work, ring, code))
      if (!done) {
        throw identityRefusals.refuse('auth.code_wrong', { details: [{ field: 'code', message: 'is not right' }] })
      }
      return reply.code(204).send(null)
    })
  }
}
