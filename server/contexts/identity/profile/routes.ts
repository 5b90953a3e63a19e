import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { expectedRevisions } from '#platform/http/etag.ts'
import type { SignInDeps } from '../sign-in/sign-in-deps.ts'
import { changeMe, getMe, Me, MeChange } from './me.ts'

const tags = ['Sign-in']

/** `/auth/me`. */
export const profileRoutes =
  ({ edges }: SignInDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/auth/me',
      {
        // A cancelled company's people can still sign in and export, and so see who they are.
        config: { permission: 'signed_in', mode: 'export', refusals: ['auth.person_required'] },
        schema: { operationId: 'getMe', tags, summary: 'Who you are and what you may do', response: { 200: Me } },
      },
      (request, reply) => edges.read(request, getMe, reply),
    )

    app.patch(
      '/auth/me',
      {
        config: { permission: 'signed_in', refusals: ['auth.person_required', 'auth.username_taken'] },
        schema: {
          ...{ operationId: 'changeMe', tags, summary: 'Change your own names, language or preferences' },
          ...{ body: MeChange, response: { 200: Me } },
        },
      },
      (request, reply) =>
        edges.write(request, reply, (work) => changeMe(work, request.body, expectedRevisions(request))),
    )
  }
