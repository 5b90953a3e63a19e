import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { expectedRevisions } from '#platform/http/etag.ts'
import { Line, Nothing, Page, PageQuery, Shape, WithId } from '#platform/http/shapes.ts'
import { SortBy } from '#platform/http/sort.ts'
import type { AdministrationDeps } from '../administration.ts'
import { createRole } from './create-role.ts'
import { deleteRole } from './delete-role.ts'
import { explainPermission } from './explain-permission.ts'
import { permissionMeanings } from './permission-meanings.ts'
import { getRole, listRoles } from './read-roles.ts'
import { NewRole, Role, RoleChange } from './schemas.ts'
import { updateRole } from './update-role.ts'

const tags = ['Roles']
const own = ['roles.not_found', 'roles.built_in', 'roles.beyond_own']
const Permissions = Type.Object({
  items: Type.Array(Type.Object({ name: Type.String(), description_en: Type.String(), description_it: Type.String() })),
})

const reading =
  ({ edges }: AdministrationDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/permissions',
      {
        config: { permission: 'signed_in' },
        schema: {
          operationId: 'listPermissions',
          tags,
          summary: 'What can be permitted',
          response: { 200: Permissions },
        },
      },
      (request) => edges.read(request, () => Promise.resolve({ items: permissionMeanings })),
    )
    app.get(
      '/roles',
      {
        config: { permission: 'roles.read' },
        schema: {
          ...{ operationId: 'listRoles', tags, summary: 'Roles, the default ones first' },
          ...{ querystring: Shape({ ...PageQuery, sort: SortBy(['name']) }), response: { 200: Page(Role) } },
        },
      },
      (request) => edges.read(request, (work) => listRoles(work, request.query)),
    )
    app.get(
      '/roles/:id',
      {
        config: { permission: 'roles.read', refusals: ['roles.not_found'] },
        schema: { operationId: 'getRole', tags, summary: 'One role', params: WithId, response: { 200: Role } },
      },
      (request, reply) => edges.read(request, (work) => getRole(work, request.params.id), reply),
    )
  }

const defining =
  ({ edges }: AdministrationDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/roles',
      {
        config: {
          permission: 'roles.write',
          refusals: ['roles.name_taken', 'roles.limit_reached', 'roles.beyond_own'],
        },
        schema: { operationId: 'createRole', tags, summary: 'Define a role', body: NewRole, response: { 201: Role } },
      },
      (request, reply) => edges.write(request, reply.code(201), (work) => createRole(work, request.body)),
    )
    app.patch(
      '/roles/:id',
      {
        config: { permission: 'roles.write', refusals: [...own, 'roles.name_taken'] },
        schema: {
          ...{ operationId: 'updateRole', tags, summary: 'Change a role; it acts at once' },
          ...{ params: WithId, body: RoleChange, response: { 200: Role } },
        },
      },
      (request, reply) => {
        const asked = { change: request.body, expected: expectedRevisions(request) }
        return edges.write(request, reply, (work) => updateRole(work, request.params.id, asked))
      },
    )
    app.delete(
      '/roles/:id',
      {
        config: { permission: 'roles.write', refusals: [...own, 'roles.in_use'] },
        schema: {
          operationId: 'deleteRole',
          tags,
          summary: 'Remove a role',
          params: WithId,
          response: { 204: Nothing },
        },
      },
      async (request, reply) => {
        const expected = expectedRevisions(request)
        await edges.write(request, reply.code(204), (work) => deleteRole(work, request.params.id, expected))
        return null
      },
    )
  }

/** Roles and permissions of a company: /roles, /permissions. */
export const roleRoutes = [reading, defining]

const UUID = '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}'
const Explain = Shape({
  permission: Line(100, { examples: ['plants.write'] }),
  resource: Type.Optional(Type.String({ pattern: `^plant:${UUID}$`, maxLength: 42, description: 'plant:<id>' })),
})
const Reason = Type.Object({
  ...{ rule: Type.String(), passed: Type.Boolean(), text_it: Type.String(), text_en: Type.String() },
})
const Explanation = Type.Object({ allowed: Type.Boolean(), reasons: Type.Array(Reason) }, { title: 'Explanation' })

/** Why something is allowed or denied: /auth/explain. */
export const explainRoutes =
  ({ edges, plantsExist }: AdministrationDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/auth/explain',
      {
        // `self`: whoever can do next to nothing, in a cancelled company, may still ask why.
        config: { permission: 'signed_in', mode: 'self' },
        schema: {
          ...{ operationId: 'explainPermission', tags: ['Auth'], summary: 'Why something is allowed or denied' },
          ...{ querystring: Explain, response: { 200: Explanation } },
        },
      },
      (request) => {
        const { permission, resource } = request.query
        const plantId = resource?.slice('plant:'.length) ?? null
        return edges.read(request, (work) => explainPermission(work, { permission, plantId }, plantsExist))
      },
    )
  }
