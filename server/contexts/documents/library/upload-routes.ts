import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import { type Static, type TObject, type TProperties, Type } from 'typebox'
import { WithId } from '#platform/http/shapes.ts'
import { spoolFolder } from '#platform/blob/spool.ts'
import type { EdgeWork } from '#platform/database/work.ts'
import type { DocumentDeps } from '../deps.ts'
import { Document, UploadFields, VersionFields } from '../schemas.ts'
import { addVersion } from './add-version.ts'
import { createDocument } from './create-document.ts'
import { allowedTypes } from './file-types.ts'
import { lockDocument } from './get-document.ts'
import { readContent } from './read-content.ts'
import { libraryRefusals } from './refusals.ts'
import { awaitContent, putContent } from './store-content.ts'
import { type TakenFile, takeUpload } from './take-upload.ts'

const tags = ['Documents']
const refused = [
  ...['documents.no_file', 'documents.empty', 'documents.bad_name', 'documents.too_large', 'documents.no_scanner'],
  ...['documents.type_not_allowed', 'documents.type_mismatch', 'documents.polyglot', 'documents.macros'],
  ...['documents.being_removed', 'blobs.unavailable'],
]
const form = (fields: TProperties) =>
  Type.Object(
    { file: Type.String({ format: 'binary' }), ...fields },
    { description: 'The file and the fields in any order' },
  )

type App = Parameters<FastifyPluginAsyncTypebox>[0]
// The body stands there for the description: a multipart one is read part by part.
const unread = (app: App): Pick<RouteOptions, 'validatorCompiler'> => ({
  validatorCompiler: (part) => (part.httpPart === 'body' ? () => true : app.validatorCompiler!(part)),
})

type Uploading<Schema extends TObject> = {
  readonly deps: DocumentDeps
  readonly schema: Schema
  /** Refuses before a byte of the file is read. */
  readonly before: (work: EdgeWork) => Promise<unknown>
  readonly write: (work: EdgeWork, file: TakenFile, fields: Static<Schema>) => Promise<Document>
}

/** The file goes to disk, is looked at and stored; only then the rows are written. What breaks off leaves at most stored bytes that the sweep finds. */
async function receive<Schema extends TObject>(
  request: FastifyRequest,
  reply: FastifyReply,
  { deps, schema, before, write }: Uploading<Schema>,
): Promise<Document> {
  const { config, edges } = deps
  // Who may not write, or not to this document, shall not make the server read a file first.
  await edges.write(request, reply, async (work) => void (await before(work)))
  if (config.production && config.CLAMD_URL === undefined) throw libraryRefusals.refuse('documents.no_scanner')
  const rules = {
    ...{ folder: spoolFolder(config), limit: config.MAX_UPLOAD_SIZE },
    allowed: allowedTypes(config.ALLOWED_EXTENSIONS),
  }
  const { file, fields } = await takeUpload(request, rules, schema)
  try {
    await readContent(file.spool, file.type)
    await edges.write(request, reply, (work) => awaitContent(work, file.spool.sha256))
    await putContent(deps, request.caller!.tenantId, file.spool)
    return await edges.write(request, reply.code(201), (work) => write(work, file, fields))
  } finally {
    await file.spool.remove()
  }
}

/** Uploads: a new document, or a new version of one. */
export const uploadRoutes =
  (deps: DocumentDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/documents',
      {
        config: {
          ...{ permission: 'documents.write', limits: 'upload', idempotent: false },
          refusals: [...refused, 'documents.no_such_target'],
        },
        schema: {
          ...{ operationId: 'uploadDocument', tags, summary: 'Upload a document: a file, and what is said of it' },
          description:
            'Nobody opens it before it was scanned: status goes from scanning to available, quarantined or failed.',
          ...{ consumes: ['multipart/form-data'], body: form(UploadFields.properties), response: { 201: Document } },
        },
        ...unread(app),
      },
      (request, reply) =>
        receive(request, reply, {
          ...{ deps, schema: UploadFields, before: () => Promise.resolve() },
          write: (work, { spool, name, type }, fields) => {
            const order = { content: { sha256: spool.sha256, size: spool.size }, fileName: name, type, fields }
            return createDocument(work, { ...order, source: 'uploaded' }, deps.linkTargets)
          },
        }),
    )
    app.post(
      '/documents/:id/versions',
      {
        config: {
          ...{ permission: 'documents.write', limits: 'upload', idempotent: false },
          refusals: [...refused, 'documents.not_found', 'documents.same_content'],
        },
        schema: {
          ...{ operationId: 'addDocumentVersion', tags, summary: 'Upload a new version of a document', params: WithId },
          ...{ consumes: ['multipart/form-data'], body: form(VersionFields.properties), response: { 201: Document } },
        },
        ...unread(app),
      },
      (request, reply) => {
        const { id } = request.params
        return receive(request, reply, {
          ...{ deps, schema: VersionFields, before: (work) => lockDocument(work, id) },
          write: (work, { spool, name, type }, { note }) => {
            const content = { sha256: spool.sha256, size: spool.size }
            return addVersion(work, id, { content, fileName: name, type, note: note ?? null })
          },
        })
      },
    )
    await Promise.resolve()
  }
