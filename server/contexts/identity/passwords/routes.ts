import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { countedAddress } from '#platform/counted-address.ts'
import { Email, Nothing, Shape } from '#platform/http/shapes.ts'
import { NewPassword, OpaqueText, TypedPassword } from '../sign-in/schemas.ts'
import type { SignInDeps } from '../sign-in/sign-in-deps.ts'
import { visitOf } from '../sign-in/visit.ts'
import { changePassword } from './change-password.ts'
import { requestPasswordReset, resetPassword } from './reset-password.ts'

const tags = ['Sign-in']
const own = { permission: 'signed_in', mode: 'self', idempotent: false } as const
const open = { permission: 'public', limits: 'sign_in', idempotent: false } as const
const ownRefusals = ['auth.person_required', 'auth.password_wrong', 'auth.too_many_guesses']

const change = {
  config: { ...own, refusals: [...ownRefusals, 'auth.password_refused', 'auth.busy'] },
  schema: {
    ...{ operationId: 'changePassword', tags, summary: 'Change your password; your other sessions end' },
    body: Shape({ current_password: TypedPassword, new_password: NewPassword }),
    response: { 204: Nothing },
  },
}
const forgot = {
  config: open,
  schema: {
    ...{ operationId: 'forgotPassword', tags, summary: 'Ask for a letter with a link; the answer is always the same' },
    ...{ body: Shape({ email: Email }), response: { 202: Type.Object({ accepted: Type.Literal(true) }) } },
  },
}
const reset = {
  config: { ...open, refusals: ['auth.link_invalid', 'auth.password_refused', 'auth.busy'] },
  schema: {
    ...{ operationId: 'resetPassword', tags, summary: 'Set a password by the link of a letter; all sessions end' },
    ...{ body: Shape({ token: OpaqueText, password: NewPassword }), response: { 204: Nothing } },
  },
}

/** `/auth/password…`: changing one's own, and a new one by mail. */
export const passwordRoutes =
  (deps: SignInDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post('/auth/password', change, async (request, reply) => {
      const { current_password: current, new_password: next } = request.body
      await changePassword(deps, request, { current, next })
      return reply.code(204).send(null)
    })

    app.post('/auth/password/forgot', forgot, async (request, reply) => {
      const email = request.body.email.toLowerCase()
      await deps.limits.spend('sign_in', `forgot|${email}|${countedAddress(request.ip)}`, reply)
      await requestPasswordReset(deps, visitOf(request), email)
      return reply.code(202).send({ accepted: true })
    })

    app.post('/auth/password/reset', reset, async (request, reply) => {
      await resetPassword(deps, visitOf(request), request.body.token, request.body.password)
      return reply.code(204).send(null)
    })
  }
