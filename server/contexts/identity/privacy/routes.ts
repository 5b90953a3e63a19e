import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { Shape, WithId } from '#platform/http/shapes.ts'
import { scopeOf } from '#platform/http/edge.ts'
import type { AdministrationDeps } from '../administration.ts'
import { ownAccount } from '../profile/own-account.ts'
import { Code, TypedPassword } from '../sign-in/schemas.ts'
import type { SignInDeps } from '../sign-in/sign-in-deps.ts'
import { accountScope, tenantNoteScope, visitOf } from '../sign-in/visit.ts'
import { eraseOwnAccount } from './erase-own-account.ts'
import { ErasureOrder, eraseUser, UserErasure } from './erase-user.ts'
import { exportAccount, exported, exportMembership } from './export-person.ts'
import { listOwnMemberships } from './list-own-memberships.ts'
import { PersonExport } from './person-export.ts'
import { writeExport } from './write-export.ts'

// `self`: an export leaves an entry, which a cancelled company could not be left otherwise.
const exporting = { mode: 'self', limits: 'upload' } as const

const answered = (reply: FastifyReply, pieces: AsyncGenerator<string>): never =>
  reply
    .type('application/json; charset=utf-8')
    .header('content-disposition', 'attachment; filename="person.json"')
    .header('cache-control', 'no-store')
    .send(Readable.from(pieces)) as never

/** A person's rights over their own data: `/auth/me/export` and `/auth/me/erase`. */
export const ownPrivacyRoutes =
  (deps: SignInDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { database } = deps.installation
    app.get(
      '/auth/me/export',
      {
        config: { permission: 'signed_in', ...exporting, refusals: ['auth.person_required'] },
        schema: {
          ...{ operationId: 'exportMe', tags: ['Sign-in'], summary: 'All that is kept of you, in every company' },
          response: { 200: PersonExport },
        },
      },
      async (request, reply) => {
        const visit = visitOf(request)
        const accountId = await database.write(scopeOf(request, 'self'), async (work) => {
          const own = await ownAccount(work)
          work.record(exported(own.userId))
          return own.accountId
        })
        const own = accountScope(visit, accountId)
        const account = await database.read(own, (work) => exportAccount(work, accountId))
        const memberships = await database.read(own, (work) => listOwnMemberships(work, accountId))
        const parts = memberships.map(({ tenant_id, id }) => ({
          userId: id,
          read: <T>(use: Parameters<typeof database.read<T>>[1]) =>
            database.read(tenantNoteScope(visit, tenant_id, accountId), use),
        }))
        return answered(reply, writeExport(account, parts, new Date()))
      },
    )
    app.post(
      '/auth/me/erase',
      {
        config: {
          ...{ permission: 'signed_in', mode: 'self', idempotent: false },
          refusals: [
            ...['auth.person_required', 'auth.password_wrong', 'auth.too_many_guesses', 'auth.busy', 'auth.code_wrong'],
            ...['users.last_admin', 'tenant.moving'],
          ],
        },
        schema: {
          ...{ operationId: 'eraseMe', tags: ['Sign-in'], summary: 'Erase your account, in every company, for good' },
          body: Shape({ password: TypedPassword, code: Type.Optional(Code) }),
          response: { 200: Type.Object({ companies: Type.Integer({ description: 'In which you were erased' }) }) },
        },
      },
      (request) => eraseOwnAccount(deps, request, request.body),
    )
  }

/** The same for a user of the company: `/users/{id}/export` and `/users/{id}/erase`. */
export const privacyRoutes =
  ({ edges }: AdministrationDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/users/:id/export',
      {
        config: { permission: 'users.export', ...exporting, refusals: ['users.not_found'] },
        schema: {
          ...{ operationId: 'exportUser', tags: ['Users'], summary: 'All that this company keeps of a person' },
          ...{ params: WithId, response: { 200: PersonExport } },
        },
      },
      async (request, reply) => {
        const userId = request.params.id
        await edges.write(request, reply, async (work) => {
          await exportMembership(work, userId)
          work.record(exported(userId))
        })
        const read = <T>(use: Parameters<typeof edges.read<T>>[1]) => edges.read(request, use)
        return answered(reply, writeExport(null, [{ userId, read }], new Date()))
      },
    )
    app.post(
      '/users/:id/erase',
      {
        config: {
          permission: 'users.erase',
          refusals: ['users.not_found', 'users.erased', 'users.erase_own', 'users.last_admin', 'users.beyond_own'],
        },
        schema: {
          ...{
            operationId: 'eraseUser',
            tags: ['Users'],
            summary: 'Erase a person for good; what they did stays, without a name',
          },
          ...{ params: WithId, body: ErasureOrder, response: { 200: UserErasure } },
        },
      },
      (request, reply) =>
        edges.write(request, reply, (work) => eraseUser(work, request.params.id, request.body.confirm)),
    )
  }
