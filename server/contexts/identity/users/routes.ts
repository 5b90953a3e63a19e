import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { expectedRevisions } from '#platform/http/etag.ts'
import { Line, Nothing, Page, PageQuery, Shape, WithId } from '#platform/http/shapes.ts'
import { SortBy } from '#platform/http/sort.ts'
import type { AdministrationDeps } from '../administration.ts'
import { hashNewPassword, requireGoodPassword } from '../passwords/check-password.ts'
import { createUser } from './create-user.ts'
import { deleteUser } from './delete-user.ts'
import { getUser } from './get-user.ts'
import { inviteUser } from './invite-user.ts'
import { listUsers, userSort } from './list-users.ts'
import { NewUser, User, UserChange, UserStatus } from './schemas.ts'
import { updateUser } from './update-user.ts'

const tags = ['Users']
const REFUSED = ['users.not_found', 'users.last_admin', 'users.beyond_own']
const UserQuery = Shape({
  ...PageQuery,
  sort: SortBy(userSort),
  role: Type.Optional(Line(100)),
  status: Type.Optional(UserStatus),
})

const adding =
  (deps: AdministrationDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { edges } = deps
    app.post(
      '/users',
      {
        config: {
          permission: 'users.write',
          refusals: [
            'users.email_taken',
            'users.limit_reached',
            'users.invited_too_often',
            'users.beyond_own',
            'auth.password_refused',
            'auth.busy',
          ],
        },
        schema: {
          operationId: 'createUser',
          tags,
          summary: 'Add or invite a user',
          body: NewUser,
          response: { 201: User },
        },
      },
      async (request, reply) => {
        const { password, ...wanted } = request.body
        if (password !== undefined) requireGoodPassword(password, wanted)
        const password_hash = password === undefined ? null : await hashNewPassword(password)
        return edges.write(request, reply.code(201), (work) => createUser(work, { ...wanted, password_hash }, deps))
      },
    )
    app.post(
      '/users/:id/invite',
      {
        config: {
          permission: 'users.write',
          refusals: ['users.not_found', 'users.not_invited', 'users.invited_too_often', 'users.beyond_own'],
        },
        schema: { operationId: 'inviteUser', tags, summary: 'Invite again', params: WithId, response: { 200: User } },
      },
      (request, reply) => edges.write(request, reply, (work) => inviteUser(work, request.params.id, deps)),
    )
  }

const reading =
  ({ edges }: AdministrationDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/users',
      {
        config: { permission: 'users.read' },
        schema: {
          operationId: 'listUsers',
          tags,
          summary: 'Users',
          querystring: UserQuery,
          response: { 200: Page(User) },
        },
      },
      (request) => edges.read(request, (work) => listUsers(work, request.query)),
    )
    app.get(
      '/users/:id',
      {
        config: { permission: 'users.read', refusals: ['users.not_found'] },
        schema: { operationId: 'getUser', tags, summary: 'One user', params: WithId, response: { 200: User } },
      },
      (request, reply) => edges.read(request, (work) => getUser(work, request.params.id), reply),
    )
  }

const changing =
  ({ edges, plantsExist }: AdministrationDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.patch(
      '/users/:id',
      {
        config: { permission: 'users.write', refusals: [...REFUSED, 'users.not_accepted'] },
        schema: {
          ...{ operationId: 'updateUser', tags, summary: 'Change, suspend or reactivate a user' },
          ...{ params: WithId, body: UserChange, response: { 200: User } },
        },
      },
      (request, reply) => {
        const asked = { change: request.body, expected: expectedRevisions(request), plantsExist }
        return edges.write(request, reply, (work) => updateUser(work, request.params.id, asked))
      },
    )
    app.delete(
      '/users/:id',
      {
        config: { permission: 'users.write', refusals: REFUSED },
        schema: {
          operationId: 'deleteUser',
          tags,
          summary: 'Remove a user',
          params: WithId,
          response: { 204: Nothing },
        },
      },
      async (request, reply) => {
        const expected = expectedRevisions(request)
        await edges.write(request, reply.code(204), (work) => deleteUser(work, request.params.id, expected))
        return null
      },
    )
  }

/** Users of a company: /users. */
export const userRoutes = [adding, reading, changing]
