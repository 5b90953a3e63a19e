import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { answerEtag, expectedRevisions } from '#platform/http/etag.ts'
import { Id, Nothing, Page, Shape, WithId } from '#platform/http/shapes.ts'
import type { DocumentDeps } from '../deps.ts'
import { Document, DocumentChange, DocumentVersion, Hold, LinkKind, NewLink } from '../schemas.ts'
import { restoreVersion } from './add-version.ts'
import { changeDocument } from './change-document.ts'
import { contentRoutes } from './content-routes.ts'
import { DocumentQuery } from './document-filter.ts'
import { getDocument } from './get-document.ts'
import { hideDocument, restoreDocument } from './hide-document.ts'
import { holdDocument, releaseDocument } from './hold-document.ts'
import { linkDocument, unlinkDocument } from './link-document.ts'
import { listDocuments } from './list-documents.ts'
import { listVersions } from './list-versions.ts'
import { uploadRoutes } from './upload-routes.ts'

const tags = ['Documents']
type App = Parameters<FastifyPluginAsyncTypebox>[0]

/** `/documents`: the library. */
export const libraryRoutes =
  (deps: DocumentDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    readRoutes(app, deps)
    changeRoutes(app, deps)
    trashRoutes(app, deps)
    holdRoutes(app, deps)
    linkRoutes(app, deps)
    await app.register(uploadRoutes(deps))
    await app.register(contentRoutes(deps))
  }

function readRoutes(app: App, { edges }: DocumentDeps): void {
  app.get(
    '/documents',
    {
      config: { permission: 'documents.read' },
      schema: {
        ...{ operationId: 'listDocuments', tags, summary: 'List, filter, sort and search documents by name and tags' },
        ...{ querystring: DocumentQuery, response: { 200: Page(Document) } },
      },
    },
    (request) => edges.read(request, (work) => listDocuments(work, request.query)),
  )
  app.get(
    '/documents/:id',
    {
      config: { permission: 'documents.read', refusals: ['documents.not_found'] },
      schema: {
        ...{ operationId: 'getDocument', tags, summary: 'Get a document, what is said of it and what it belongs to' },
        ...{ params: WithId, response: { 200: Document } },
      },
    },
    async (request, reply) => {
      const document = await edges.read(request, (work) => getDocument(work, request.params.id))
      // A scan and a reading go on behind a document without changing it.
      const { status, text } = document
      return answerEtag(request, reply, document, `${status}.${text.state}.${text.pages_done}`)
    },
  )
  app.get(
    '/documents/:id/versions',
    {
      config: { permission: 'documents.read', refusals: ['documents.not_found'] },
      schema: {
        ...{ operationId: 'listDocumentVersions', tags, summary: 'Versions of a document, the newest first' },
        ...{ params: WithId, response: { 200: Type.Object({ items: Type.Array(DocumentVersion) }) } },
      },
    },
    (request) => edges.read(request, (work) => listVersions(work, request.params.id)),
  )
}

const WithVersion = Shape({ id: Id, version: Type.Integer({ minimum: 1, maximum: 1_000_000 }) })

function changeRoutes(app: App, { edges, linkTargets }: DocumentDeps): void {
  app.patch(
    '/documents/:id',
    {
      config: {
        permission: 'documents.write',
        refusals: [
          ...['documents.not_found', 'documents.bad_name', 'documents.no_such_target', 'documents.retention_shortened'],
        ],
      },
      schema: {
        ...{ operationId: 'changeDocument', tags, summary: 'Change what is said of a document' },
        ...{ params: WithId, body: DocumentChange, response: { 200: Document } },
      },
    },
    (request, reply) => {
      const asked = { id: request.params.id, change: request.body, revisions: expectedRevisions(request) }
      return edges.write(request, reply, (work) => changeDocument(work, asked, linkTargets))
    },
  )
  app.post(
    '/documents/:id/versions/:version/restore',
    {
      config: {
        permission: 'documents.write',
        refusals: [
          ...['documents.not_found', 'documents.no_such_version', 'documents.same_content'],
          'documents.being_removed',
        ],
      },
      schema: {
        ...{ operationId: 'restoreDocumentVersion', tags, summary: 'Make an old content the current one again' },
        description: 'A new version with the content of the old one: nothing of the history is lost.',
        ...{ params: WithVersion, response: { 201: Document } },
      },
    },
    (request, reply) => {
      const { id, version } = request.params
      return edges.write(request, reply.code(201), (work) => restoreVersion(work, id, version))
    },
  )
}

function trashRoutes(app: App, { edges }: DocumentDeps): void {
  app.delete(
    '/documents/:id',
    {
      config: {
        permission: 'documents.delete',
        refusals: ['documents.not_found', 'documents.on_hold', 'documents.retained'],
      },
      schema: {
        ...{ operationId: 'deleteDocument', tags, summary: 'Put a document into the trash' },
        description: 'After TRASH_DAYS its content is removed for good, unless a hold or a retention keeps it.',
        ...{ params: WithId, response: { 204: Nothing } },
      },
    },
    async (request, reply) => {
      const target = { id: request.params.id, revisions: expectedRevisions(request) }
      await edges.write(request, reply.code(204), (work) => hideDocument(work, target))
      return null
    },
  )
  app.post(
    '/documents/:id/restore',
    {
      config: { permission: 'documents.delete', refusals: ['documents.not_found', 'documents.purged'] },
      schema: {
        ...{ operationId: 'restoreDocument', tags, summary: 'Take a document out of the trash' },
        ...{ params: WithId, response: { 200: Document } },
      },
    },
    (request, reply) => edges.write(request, reply, (work) => restoreDocument(work, request.params.id)),
  )
}

function holdRoutes(app: App, { edges }: DocumentDeps): void {
  app.put(
    '/documents/:id/hold',
    {
      config: { permission: 'documents.approve', refusals: ['documents.not_found', 'documents.purged'] },
      schema: {
        ...{ operationId: 'holdDocument', tags, summary: 'Set a legal hold: nothing deletes it, in the trash too' },
        ...{ params: WithId, body: Hold, response: { 200: Document } },
      },
    },
    (request, reply) =>
      edges.write(request, reply, (work) => holdDocument(work, request.params.id, request.body.reason)),
  )
  app.delete(
    '/documents/:id/hold',
    {
      config: {
        permission: 'documents.approve',
        refusals: ['documents.not_found', 'documents.not_on_hold', 'documents.purged'],
      },
      schema: {
        ...{ operationId: 'releaseDocument', tags, summary: 'End a legal hold' },
        ...{ params: WithId, response: { 200: Document } },
      },
    },
    (request, reply) => edges.write(request, reply, (work) => releaseDocument(work, request.params.id)),
  )
}

const WithLink = Shape({ id: Id, kind: LinkKind, target_id: Id })

function linkRoutes(app: App, { edges, linkTargets }: DocumentDeps): void {
  app.post(
    '/documents/:id/links',
    {
      config: { permission: 'documents.write', refusals: ['documents.not_found', 'documents.no_such_target'] },
      schema: {
        ...{ operationId: 'linkDocument', tags, summary: 'Link a document to what it belongs to' },
        ...{ params: WithId, body: NewLink, response: { 201: Document } },
      },
    },
    (request, reply) =>
      edges.write(request, reply.code(201), (work) => linkDocument(work, request.params.id, request.body, linkTargets)),
  )
  app.delete(
    '/documents/:id/links/:kind/:target_id',
    {
      config: { permission: 'documents.write', refusals: ['documents.not_found', 'documents.not_linked'] },
      schema: {
        ...{ operationId: 'unlinkDocument', tags, summary: 'Take a link away', params: WithLink },
        response: { 204: Nothing },
      },
    },
    async (request, reply) => {
      const { id, ...link } = request.params
      await edges.write(request, reply.code(204), (work) => unlinkDocument(work, id, link))
      return null
    },
  )
}
