import type { LinkTargets } from '../deps.ts'
import { cleanName } from '../library/file-name.ts'
import { createDocument } from '../library/create-document.ts'
import { getDocument } from '../library/get-document.ts'
import { linkDocument } from '../library/link-document.ts'
import type { Document } from '../schemas.ts'
import type { TemplateWork } from '../tables.ts'
import { tellGenerated } from './events.ts'
import type { Template } from './find-template.ts'
import type { Language } from './formats.ts'
import type { GenerateOrder } from './schemas.ts'
import type { Composed } from './values.ts'

export type MadeDocument = {
  readonly order: GenerateOrder
  readonly template: Template
  readonly template_sha256: string
  readonly language: Language
  readonly time_zone: string
  readonly plant_id: string | null
  readonly name: string
  readonly composed: Composed
  readonly content: { readonly sha256: string; readonly size: number }
}

/** Files what was made: a document as any other, which is scanned as any other, with a note of what it was made of. */
export async function recordGeneration(
  work: TemplateWork,
  made: MadeDocument,
  targets: LinkTargets,
): Promise<Document> {
  const { order, template, language, plant_id, content, composed } = made
  const { format, batch_id, links = [] } = order
  const fileName = cleanName(made.name)?.name ?? `document.${format}`
  const category = order.category ?? template.category
  const fields = {
    ...(plant_id !== null && { plant_id }),
    ...(category !== null && { category }),
    ...(batch_id !== undefined && { batch_id }),
  }
  const filed = { content, fileName, type: format, source: 'generated', fields } as const
  const { id } = await createDocument(work, filed, targets)
  const of = { template: template.id, template_version: template.version, language, format }
  await work.db
    .insertInto('document_generations')
    .values({
      ...{
        tenant_id: work.tenantId,
        document_id: id,
        ...of,
        template_sha256: made.template_sha256,
        time_zone: made.time_zone,
      },
      ...{ field_values: JSON.stringify(composed.values), field_sources: JSON.stringify(composed.filled) },
      ...{ created_at: work.now.toISOString(), created_by: work.actor.id },
    })
    .execute()
  // Names and addresses stand in the values, which go with the document: the trail says what came from where.
  const sources = Object.fromEntries(composed.filled.map(({ name, from }) => [name, from]))
  const entry = { action: 'documents.generated', resource: 'document', resource_id: id, plant_id }
  work.record(
    { ...entry, after: { ...of, sha256: content.sha256, sources } },
    tellGenerated({ document_id: id, plant_id, ...of }),
  )
  let document: Document | null = null
  for (const link of links) document = await linkDocument(work, id, link, targets)
  return document ?? getDocument(work, id)
}
