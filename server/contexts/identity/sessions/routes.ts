import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Nothing, PageQuery, Shape, WithId } from '#platform/http/shapes.ts'
import { OpaqueText, Tokens } from '../sign-in/schemas.ts'
import type { SignInDeps } from '../sign-in/sign-in-deps.ts'
import { visitOf } from '../sign-in/visit.ts'
import { endOtherSessions, endOwnSession, listOwnSessions, logOut, SessionPage } from './own-sessions.ts'
import { refreshSession } from './refresh-session.ts'

const tags = ['Sign-in']
const own = { permission: 'signed_in', mode: 'self', refusals: ['auth.person_required'] as string[] } as const
const Paging = Shape({ limit: PageQuery.limit, offset: PageQuery.offset })

/** `/auth/refresh`, `/auth/logout` and `/auth/sessions`. */
export const sessionRoutes =
  (deps: SignInDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { edges } = deps

    app.post(
      '/auth/refresh',
      {
        config: { permission: 'public', idempotent: false, refusals: ['auth.refresh_invalid', 'auth.refresh_reused'] },
        schema: {
          ...{ operationId: 'refreshSession', tags, summary: 'New tokens for a refresh token, which is replaced' },
          ...{ body: Shape({ refresh_token: OpaqueText }), response: { 200: Tokens } },
        },
      },
      (request) => refreshSession(deps, visitOf(request), request.body.refresh_token),
    )

    app.post(
      '/auth/logout',
      {
        config: { ...own, refusals: [...own.refusals, 'auth.session_not_found'] },
        schema: { operationId: 'logOut', tags, summary: 'End this session', response: { 204: Nothing } },
      },
      (request, reply) => edges.write(request, reply.code(204), logOut),
    )

    app.get(
      '/auth/sessions',
      {
        config: { ...own, mode: 'export' },
        schema: {
          ...{ operationId: 'listOwnSessions', tags, summary: 'Your own sessions' },
          ...{ querystring: Paging, response: { 200: SessionPage } },
        },
      },
      (request) => edges.read(request, (work) => listOwnSessions(work, request.query)),
    )

    app.delete(
      '/auth/sessions',
      {
        config: own,
        schema: {
          operationId: 'endOtherSessions',
          tags,
          summary: 'End all of your sessions but this one',
          response: { 204: Nothing },
        },
      },
      (request, reply) => edges.write(request, reply.code(204), endOtherSessions),
    )

    app.delete(
      '/auth/sessions/:id',
      {
        config: { ...own, refusals: [...own.refusals, 'auth.session_not_found'] },
        schema: {
          ...{ operationId: 'endOwnSession', tags, summary: 'End one of your own sessions' },
          ...{ params: WithId, response: { 204: Nothing } },
        },
      },
      (request, reply) => edges.write(request, reply.code(204), (work) => endOwnSession(work, request.params.id)),
    )
  }
