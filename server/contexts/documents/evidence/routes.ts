import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { expectedRevisions } from '#platform/http/etag.ts'
import { Line, Nothing, OneOf, Page, PageQuery, Shape, WithId } from '#platform/http/shapes.ts'
import type { DocumentDeps } from '../deps.ts'
import { packContentRoutes } from './content-routes.ts'
import { createPack } from './create-pack.ts'
import { deletePack } from './delete-pack.ts'
import { getPack, listPacks } from './read-pack.ts'
import { EvidencePack, packOrder, type PackOrder } from './schemas.ts'

const tags = ['Evidence packs']
const { limit, offset } = PageQuery
const PackQuery = Shape({
  ...{ limit, offset, status: Type.Optional(OneOf(['building', 'ready', 'failed'])) },
  kind: Type.Optional(Line(30, { description: 'Of its subject' })),
})
const ABOUT = `One archive about a set of documents, a plant in a period or a batch: files, data, events, trail, digests and signature,
with programs that check it without Officina (\`docs/documents.md\`). Built by a job; \`GET\` says how far it is.`

/** `/evidence-packs`. */
export const evidenceRoutes =
  (deps: DocumentDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { edges, evidenceSources } = deps
    app.post(
      '/evidence-packs',
      {
        config: {
          permission: 'evidence.export',
          refusals: [
            ...['evidence.invalid', 'evidence.subject_not_found', 'evidence.too_many_documents', 'evidence.too_large'],
          ],
        },
        schema: {
          ...{ operationId: 'createEvidencePack', tags, summary: 'Have an evidence pack made', description: ABOUT },
          ...{ body: packOrder(evidenceSources), response: { 202: EvidencePack } },
        },
      },
      (request, reply) =>
        edges.write(request, reply.code(202), (work) => createPack(work, evidenceSources, request.body as PackOrder)),
    )
    app.get(
      '/evidence-packs',
      {
        config: { permission: 'documents.read' },
        schema: {
          ...{
            operationId: 'listEvidencePacks',
            tags,
            summary: 'List the evidence packs that one may open, newest first',
          },
          ...{ querystring: PackQuery, response: { 200: Page(EvidencePack) } },
        },
      },
      (request) => edges.read(request, (work) => listPacks(work, request.query)),
    )
    app.get(
      '/evidence-packs/:id',
      {
        config: { permission: 'documents.read', refusals: ['evidence.not_found'] },
        schema: {
          ...{ operationId: 'getEvidencePack', tags, summary: 'How far an evidence pack is, and what is in it' },
          ...{ params: WithId, response: { 200: EvidencePack } },
        },
      },
      (request, reply) => edges.read(request, (work) => getPack(work, request.params.id), reply),
    )
    app.delete(
      '/evidence-packs/:id',
      {
        config: { permission: 'evidence.export', refusals: ['evidence.not_found'] },
        schema: {
          ...{ operationId: 'deleteEvidencePack', tags, summary: 'Hide an evidence pack' },
          ...{ params: WithId, response: { 204: Nothing } },
        },
      },
      async (request, reply) => {
        const target = { id: request.params.id, revisions: expectedRevisions(request) }
        await edges.write(request, reply.code(204), (work) => deletePack(work, target))
        return null
      },
    )
    await app.register(packContentRoutes(deps))
  }
