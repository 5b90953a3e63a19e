import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Page, PageQuery, Shape, WithId } from '#platform/http/shapes.ts'
import type { DocumentDeps } from '../deps.ts'
import { Document } from '../schemas.ts'
import { listQuarantine } from './list-quarantine.ts'
import { Quarantined } from './schemas.ts'
import { startScan } from './start-scan.ts'

const tags = ['Documents']
const { limit, offset } = PageQuery

/** `/documents/quarantine`, and a scan that is asked for. */
export const scanRoutes =
  ({ edges, config }: DocumentDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/documents/quarantine',
      {
        config: { permission: 'documents.approve' },
        schema: {
          ...{ operationId: 'listQuarantine', tags, summary: 'What is quarantined, and which documents have it' },
          ...{ querystring: Shape({ limit, offset }), response: { 200: Page(Quarantined) } },
        },
      },
      (request) => edges.read(request, (work) => listQuarantine(work, request.query)),
    )
    app.post(
      '/documents/:id/scan',
      {
        config: {
          permission: 'documents.write',
          refusals: ['documents.not_found', 'documents.purged', 'scans.no_scanner'],
        },
        schema: {
          ...{ operationId: 'scanDocument', tags, summary: 'Have a document scanned anew' },
          description:
            'For what failed, was quarantined before the signatures of today, or was served unscanned. Its status changes when something else was found.',
          ...{ params: WithId, response: { 202: Document } },
        },
      },
      (request, reply) =>
        edges.write(request, reply.code(202), (work) =>
          startScan(work, request.params.id, { scanner: config.CLAMD_URL !== undefined }),
        ),
    )
    await Promise.resolve()
  }
