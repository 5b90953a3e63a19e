import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { spool, spoolFolder } from '#platform/blob/spool.ts'
import type { EdgeWork } from '#platform/database/work.ts'
import { scopeOf } from '#platform/http/edge.ts'
import { Nullable, Shape, WithId } from '#platform/http/shapes.ts'
import type { DocumentDeps } from '../deps.ts'
import { readDocumentContent } from '../library/read-document-content.ts'
import { libraryRefusals } from '../library/refusals.ts'
import { awaitContent, putContent } from '../library/store-content.ts'
import { Document } from '../schemas.ts'
import { composition, type Composition } from './composition.ts'
import { optionalNames } from './field.ts'
import { findTemplate, languageOf, type Template } from './find-template.ts'
import type { Language } from './formats.ts'
import { getGeneration } from './get-generation.ts'
import { readTemplateFile, type TemplatePlace } from './read-template-file.ts'
import { readValues } from './read-values.ts'
import { recordGeneration } from './record-generation.ts'
import { templatesRefusals } from './refusals.ts'
import { fillTemplate } from './run-template.ts'
import { GenerateOrder, Generation, GenerationPlan } from './schemas.ts'
import { valueAt } from './tag.ts'

const tags = ['Document templates']

type Planned = {
  readonly order: GenerateOrder
  readonly template: Template
  readonly language: Language
  readonly place: TemplatePlace
  readonly time_zone: string
  readonly plant_id: string | null
  readonly company: string
  readonly composed: Composition
}

/** What would be printed: the template, and its values from wherever they come. */
async function planDocument(work: EdgeWork, { templateSources }: DocumentDeps, order: GenerateOrder): Promise<Planned> {
  const template = await findTemplate(work, order.template)
  const language = languageOf(template, order.language)
  const { file } = template
  const place =
    file === null
      ? { shipped: template.id, language }
      : {
          tenantId: work.tenantId,
          ...(await readDocumentContent(work, { id: file.document_id, version: file.version })),
        }
  const {
    values: sources,
    time_zone,
    plant_id,
  } = await readValues(work, templateSources, { template, language, order })
  const composed = composition(template, order, { language, sources })
  const company = String(valueAt(sources, ['company', 'name']))
  return { order, template, language, place, time_zone, plant_id, company, composed }
}

function shownPlan({ order, template, language, composed }: Planned): GenerationPlan {
  const { values, filled, missing, invalid, name } = composed
  return {
    ...{ template: template.id, template_version: template.version, language, format: order.format, name },
    fields: template.fields.map((of) => ({
      ...{ name: of.name, label: of.label, type: of.type, required: of.required },
      from: filled.find((one) => one.name === of.name)?.from ?? null,
      value: valueAt(values, of.name.split('.')) ?? null,
    })),
    ...{ missing, invalid },
  }
}

function requireWhole({ composed: { missing, invalid } }: Planned): void {
  if (invalid.length > 0) throw templatesRefusals.refuse('templates.values_invalid', { details: invalid })
  if (missing.length > 0) throw templatesRefusals.refuse('templates.values_missing', { details: missing })
}

/** The bytes of the document, and of what template. */
async function printDocument(deps: DocumentDeps, planned: Planned, now: Date) {
  const { order, template, language, time_zone, composed, place } = planned
  const { file, sha256 } = await readTemplateFile(deps, place)
  const bytes = await fillTemplate({
    ...{
      file,
      format: order.format,
      values: composed.values,
      optional: optionalNames(template.fields),
      language,
      time_zone,
    },
    ...{ title: composed.name.replace(/\.(pdf|docx)$/i, ''), author: planned.company, now: now.toISOString() },
  })
  return { bytes, template_sha256: sha256 }
}

async function generate(request: FastifyRequest, reply: FastifyReply, deps: DocumentDeps, planned: Planned) {
  const { config, edges, installation } = deps
  if (config.production && config.CLAMD_URL === undefined) throw libraryRefusals.refuse('documents.no_scanner')
  requireWhole(planned)
  const { bytes, template_sha256 } = await printDocument(deps, planned, new Date())
  const made = await spool([bytes] as never, spoolFolder(config))
  try {
    const content = { sha256: made.sha256, size: made.size }
    // Not through the edge: the answer that is kept for a repeated call is the document's.
    await installation.database.write(scopeOf(request, 'write'), (work) => awaitContent(work, made.sha256))
    await putContent(deps, request.caller!.tenantId, made)
    const { composed } = planned
    const record = { ...planned, content, template_sha256, name: composed.name, composed }
    return await edges.write(request, reply.code(201), (work) => recordGeneration(work, record, deps.linkTargets))
  } finally {
    await made.remove()
  }
}

/** Documents made of templates, and what they were made of. */
export const generateRoutes =
  (deps: DocumentDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { edges } = deps
    app.post(
      '/documents/generate',
      {
        config: {
          ...{ permission: 'documents.write', limits: 'upload' },
          refusals: [
            ...['templates.not_found', 'templates.no_language', 'templates.no_subject', 'templates.values_missing'],
            ...['templates.values_invalid', 'templates.unprintable', 'templates.too_large', 'templates.tags_invalid'],
            ...[
              'templates.unsafe',
              'templates.file_type',
              'templates.busy',
              'stoppages.too_many',
              'auth.forbidden',
              'documents.bad_name',
            ],
            ...['documents.no_such_target', 'documents.not_found', 'documents.no_such_version', 'documents.scanning'],
            ...['documents.quarantined', 'documents.scan_failed', 'documents.purged', 'documents.no_scanner'],
            ...['documents.being_removed', 'blobs.missing', 'blobs.unavailable'],
          ],
        },
        schema: {
          ...{
            operationId: 'generateDocument',
            tags,
            summary: 'Make a document of a template, with the data of a plant or batch',
          },
          description:
            'A missing value is an error that names it. With `dry_run=true` nothing is made: it answers what would be filled from where, and what is missing.',
          ...{ body: GenerateOrder, querystring: Shape({ dry_run: Type.Optional(Type.Boolean()) }) },
          response: { 200: GenerationPlan, 201: Document },
        },
      },
      async (request, reply) => {
        const planned = await edges.snapshot(request, (work) => planDocument(work, deps, request.body))
        return request.query.dry_run === true ? shownPlan(planned) : generate(request, reply, deps, planned)
      },
    )
    app.get(
      '/documents/:id/generation',
      {
        config: { permission: 'documents.read', refusals: ['documents.not_found'] },
        schema: {
          ...{
            operationId: 'getDocumentGeneration',
            tags,
            summary: 'What a document was made of: template, version, values',
          },
          ...{ params: WithId, response: { 200: Type.Object({ generation: Nullable(Generation) }) } },
        },
      },
      (request) => edges.read(request, (work) => getGeneration(work, request.params.id)),
    )
    await Promise.resolve()
  }
