import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { CursorPage } from '#platform/http/shapes.ts'
import type { AdministrationDeps } from '../administration.ts'
import { listAudit } from './list-audit.ts'
import { AuditEntry, AuditQuery } from './schemas.ts'
import { AuditVerdict, verifyAudit, VerifyQuery } from './verify-audit.ts'

/** The audit trail of a company: /audit. */
export const auditRoutes =
  ({ edges, issuing }: AdministrationDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/audit',
      {
        config: { permission: 'audit.read' },
        schema: {
          ...{ operationId: 'listAudit', tags: ['Audit'], summary: 'Changes and denied access, newest first' },
          ...{ querystring: AuditQuery, response: { 200: CursorPage(AuditEntry) } },
        },
      },
      (request) => edges.read(request, (work) => listAudit(work, request.query)),
    )
    app.get(
      '/audit/verify',
      {
        config: { permission: 'audit.read', mode: 'export', limits: 'upload', refusals: ['audit.all_plants_needed'] },
        schema: {
          ...{
            operationId: 'verifyAudit',
            tags: ['Audit'],
            summary: 'Whether the trail is what it was when it was written',
          },
          ...{ querystring: VerifyQuery, response: { 200: AuditVerdict } },
        },
      },
      (request) => edges.read(request, (work) => verifyAudit(work, { keys: issuing.current().keys, ...request.query })),
    )
  }
