import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { sql } from 'kysely'
import { Type } from 'typebox'
import type { BlobStore } from '../blob/blob-store.ts'
import type { Config } from '../../config.ts'
import type { Installation } from '../database/installation.ts'
import type { EdgeWork } from '../database/work.ts'
import { scopeOf, type Edges } from '../http/edge.ts'
import { Shape } from '../http/shapes.ts'
import type { Log } from '../telemetry/log.ts'
import { checkPassphrase } from './header.ts'
import { copyRefusals } from './refusals.ts'
import type { Chunks } from './rows.ts'
import { unlessStalled } from './unless-stalled.ts'
import { writeTenant } from './write-copy.ts'

type Deps = { edges: Edges; installation: Installation; blobs: BlobStore; config: Config; log: Log }

/** A reader that takes nothing for so long holds a snapshot, and PostgreSQL from cleaning up, for nothing. */
const STALLED_MS = 60_000
const TYPE = 'application/octet-stream'

const ExportOrder = Shape(
  {
    passphrase: Type.String({
      ...{ minLength: 12, maxLength: 256, examples: ['una frase che ricordo bene'] },
      description: 'Opens the file again; Officina does not keep it',
    }),
  },
  { title: 'TenantExportOrder' },
)

/** `POST /tenant/export`: a company's own copy, streamed as it is read; nothing is stored on the server. */
export const exportRoutes = ({ edges, installation, blobs, config, log }: Deps): FastifyPluginAsyncTypebox => {
  // It holds one of custody's connections for as long as it is read.
  let exporting = false

  const begin = (request: FastifyRequest, passphrase: string, out: PassThrough): Promise<void> =>
    new Promise((started, refused) => {
      exporting = true
      const { custody: door, masters } = installation
      const source = { door, blobs, keys: { masters, passphrase }, version: config.version, now: new Date() }
      const sink = (bytes: Chunks): Promise<void> => {
        started()
        return pipeline(unlessStalled(bytes, out, STALLED_MS), out, { end: false })
      }
      // The answer ends when there is room for the next one.
      const over = (): void => void (exporting = false)
      writeTenant(source, scopeOf(request, 'read').tenantId, sink)
        .finally(over)
        .then(({ manifest: { files } }) => {
          if (files !== undefined && files.lacking > 0)
            log.error(
              { lacking: files.lacking, lacks: files.lacks, reqId: request.id },
              'an export lacks files that the store does not have',
            )
          return out.end()
        })
        .catch((error: unknown) => {
          refused(error)
          // Too late for an answer: the file ends without its last frame, and is refused wherever it is opened.
          out.destroy(error as Error)
          log.warn({ err: error, reqId: request.id }, 'an export did not come to its end')
        })
    })

  return async (app) => {
    app.post(
      '/tenant/export',
      {
        config: {
          ...{ permission: 'tenant.export', mode: 'export', limits: 'upload', idempotent: false },
          refusals: ['copies.all_plants_needed', 'copies.busy', 'copies.passphrase_too_short'],
        },
        schema: {
          ...{
            operationId: 'exportTenant',
            tags: ['Tenant'],
            summary: 'All data of the company as one encrypted file',
          },
          body: ExportOrder,
          response: { 200: { content: { [TYPE]: { schema: Type.String({ format: 'binary' }) } } } },
        },
      },
      async (request, reply) => {
        await edges.read(request, requireAllPlants)
        checkPassphrase(request.body.passphrase)
        if (exporting) throw copyRefusals.refuse('copies.busy', { retryAfterS: 60 })
        const out = new PassThrough()
        await begin(request, request.body.passphrase, out)
        await leaveTrail(installation, request).catch((error: unknown) => {
          out.destroy(error as Error)
          throw error
        })
        reply.header('content-disposition', 'attachment; filename="company.export"').header('cache-control', 'no-store')
        return reply.type(TYPE).send(out as never)
      },
    )
  }
}

async function requireAllPlants({ db }: EdgeWork): Promise<void> {
  const { rows } = await sql<{ plants: string }>`select current_setting('app.all_plants') as plants`.execute(db)
  if (rows[0]?.plants !== 'on') throw copyRefusals.refuse('copies.all_plants_needed')
}

/** As the machine, in the caller's name: a company that has left may export and otherwise write nothing. */
async function leaveTrail({ database }: Installation, request: FastifyRequest): Promise<void> {
  const scope = scopeOf(request, 'read')
  await database.write({ ...scope, open: { kind: 'system' } }, (work) => {
    work.record({ action: 'tenant.exported', resource: 'tenant', resource_id: scope.tenantId })
    return Promise.resolve()
  })
}
