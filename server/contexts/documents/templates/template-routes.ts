import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import { type Static, type TObject, type TProperties, Type } from 'typebox'
import type { EdgeWork } from '#platform/database/work.ts'
import { Nothing, Page, PageQuery, Shape, page } from '#platform/http/shapes.ts'
import type { DocumentDeps } from '../deps.ts'
import { awaitContent, putContent } from '../library/store-content.ts'
import { dispositionOf } from '../library/file-name.ts'
import { MEDIA_TYPES } from '../library/file-types.ts'
import { readDocumentContent } from '../library/read-document-content.ts'
import { summaryOf, templateOf } from './answer.ts'
import { addTemplateVersion, createTemplate, deleteTemplate, type CheckedFile } from './create-template.ts'
import { findTemplate, languageOf, listTemplates, type Template as Found } from './find-template.ts'
import { readTemplateFile } from './read-template-file.ts'
import { Template, TemplateFields, TemplateSummary, TemplateVersionFields, Tongue, WithTemplate } from './schemas.ts'
import { takeTemplate } from './take-template.ts'

const tags = ['Document templates']
const uploads = [
  ...['documents.no_file', 'documents.empty', 'documents.bad_name', 'documents.too_large', 'documents.no_scanner'],
  ...[
    'documents.type_not_allowed',
    'documents.type_mismatch',
    'documents.polyglot',
    'documents.macros',
    'documents.invalid',
  ],
  ...['documents.being_removed', 'blobs.unavailable', 'templates.file_type', 'templates.unsafe', 'templates.too_large'],
  ...['templates.tags_invalid', 'templates.fields_invalid', 'templates.busy'],
]
const form = (fields: TProperties) => Type.Object({ file: Type.String({ format: 'binary' }), ...fields })
const { limit, offset } = PageQuery
const Wanted = Shape({
  language: Type.Optional(Tongue),
  version: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'By default the current one' })),
})
const Bytes = { content: { 'application/octet-stream': { schema: Type.String({ format: 'binary' }) } } }

type App = Parameters<FastifyPluginAsyncTypebox>[0]
// The body stands there for the description: a multipart one is read part by part.
const unread = (app: App): Pick<RouteOptions, 'validatorCompiler'> => ({
  validatorCompiler: (part) => (part.httpPart === 'body' ? () => true : app.validatorCompiler!(part)),
})

type Receiving<Schema extends TObject> = {
  readonly deps: DocumentDeps
  readonly schema: Schema
  readonly before: (work: EdgeWork) => Promise<unknown>
  readonly write: (work: EdgeWork, file: CheckedFile, fields: Static<Schema>) => Promise<Found>
}

async function receive<Schema extends TObject>(
  request: FastifyRequest,
  reply: FastifyReply,
  { deps, schema, before, write }: Receiving<Schema>,
) {
  const { edges } = deps
  // Who may not write, or not to this template, shall not make the server read a file first.
  await edges.write(request, reply, async (work) => void (await before(work)))
  const { checked, spool, fields } = await takeTemplate(request, deps, schema)
  try {
    await edges.write(request, reply, (work) => awaitContent(work, spool.sha256))
    await putContent(deps, request.caller!.tenantId, spool)
    return templateOf(await edges.write(request, reply.code(201), (work) => write(work, checked, fields)))
  } finally {
    await spool.remove()
  }
}

function uploadRoutes(app: App, deps: DocumentDeps): void {
  const config = { permission: 'documents.write', limits: 'upload', idempotent: false } as const
  app.post(
    '/document-templates',
    {
      config: { ...config, refusals: [...uploads, 'templates.name_taken', 'templates.too_many'] },
      schema: {
        ...{ operationId: 'createDocumentTemplate', tags, summary: 'Upload a template (.docx) of the company' },
        description:
          'Its tags are checked: each that is wrong is named. Documents are made of it once its file was scanned.',
        ...{ consumes: ['multipart/form-data'], body: form(TemplateFields.properties), response: { 201: Template } },
      },
      ...unread(app),
    },
    (request, reply) =>
      receive(request, reply, {
        ...{ deps, schema: TemplateFields, before: () => Promise.resolve() },
        write: (work, file, fields) => createTemplate(work, file, fields, deps.linkTargets),
      }),
  )
  app.post(
    '/document-templates/:id/versions',
    {
      config: {
        ...config,
        refusals: [...uploads, 'templates.not_found', 'documents.not_found', 'documents.same_content'],
      },
      schema: {
        ...{ operationId: 'addDocumentTemplateVersion', tags, summary: 'Upload a new version of a template' },
        ...{ params: WithTemplate, consumes: ['multipart/form-data'] },
        ...{ body: form(TemplateVersionFields.properties), response: { 201: Template } },
      },
      ...unread(app),
    },
    (request, reply) => {
      const { id } = request.params
      return receive(request, reply, {
        ...{ deps, schema: TemplateVersionFields, before: (work) => findTemplate(work, id) },
        write: (work, file) => addTemplateVersion(work, id, file),
      })
    },
  )
}

function contentRoute(app: App, deps: DocumentDeps): void {
  app.get(
    '/document-templates/:id/content',
    {
      compress: false,
      config: {
        permission: 'documents.read',
        refusals: [
          ...['templates.not_found', 'templates.no_language', 'documents.not_found', 'documents.no_such_version'],
          ...['documents.scanning', 'documents.quarantined', 'documents.scan_failed', 'documents.purged'],
          ...['blobs.missing', 'blobs.unavailable'],
        ],
      },
      schema: {
        ...{
          operationId: 'getDocumentTemplateContent',
          tags,
          summary: 'Download a template as it was uploaded, tags and all',
        },
        ...{ params: WithTemplate, querystring: Wanted, response: { 200: { description: 'The .docx', ...Bytes } } },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const place = await deps.edges.read(request, (work) => placeOf(work, id, request.query))
      const { file } = await readTemplateFile(deps, place)
      return reply
        .headers({
          ...{ 'content-type': MEDIA_TYPES.docx, 'content-disposition': dispositionOf(`${id}.docx`) },
          ...{ 'content-security-policy': "sandbox; default-src 'none'", 'x-content-type-options': 'nosniff' },
          'cache-control': 'private, no-cache',
        })
        .send(file as never)
    },
  )
}

/** Where a template's bytes lie, as long as they may be opened. */
async function placeOf(work: EdgeWork, id: string, { language, version }: Static<typeof Wanted>) {
  const template = await findTemplate(work, id, version)
  const tongue = languageOf(template, language)
  if (template.file === null) return { shipped: template.id, language: tongue }
  const { document_id, version: of } = template.file
  const { sha256 } = await readDocumentContent(work, { id: document_id, version: of })
  return { tenantId: work.tenantId, sha256 }
}

/** `/document-templates`. */
export const templateRoutes =
  (deps: DocumentDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { edges } = deps
    app.get(
      '/document-templates',
      {
        config: { permission: 'documents.read' },
        schema: {
          ...{
            operationId: 'listDocumentTemplates',
            tags,
            summary: 'List the templates that ship and those of the company',
          },
          ...{ querystring: Shape({ limit, offset }), response: { 200: Page(TemplateSummary) } },
        },
      },
      async (request) => {
        const all = await edges.read(request, listTemplates)
        const { offset: from, limit: count } = request.query
        return page(all.slice(from, from + count).map(summaryOf), all.length, request.query)
      },
    )
    app.get(
      '/document-templates/:id',
      {
        config: { permission: 'documents.read', refusals: ['templates.not_found'] },
        schema: {
          ...{ operationId: 'getDocumentTemplate', tags, summary: 'One template: its fields, their sources, a sample' },
          ...{ params: WithTemplate, response: { 200: Template } },
        },
      },
      async (request) => templateOf(await edges.read(request, (work) => findTemplate(work, request.params.id))),
    )
    app.delete(
      '/document-templates/:id',
      {
        config: { permission: 'documents.delete', refusals: ['templates.not_found'] },
        schema: {
          ...{ operationId: 'deleteDocumentTemplate', tags, summary: 'Take a template of the company off the list' },
          ...{ params: WithTemplate, response: { 204: Nothing } },
        },
      },
      async (request, reply) => {
        await edges.write(request, reply.code(204), (work) => deleteTemplate(work, request.params.id))
        return null
      },
    )
    uploadRoutes(app, deps)
    contentRoute(app, deps)
    await Promise.resolve()
  }
