import { newId } from '#platform/new-id.ts'
import type { LinkTargets } from '../deps.ts'
import { addVersion } from '../library/add-version.ts'
import { createDocument } from '../library/create-document.ts'
import type { TemplateWork } from '../tables.ts'
import { tellTemplateCreated, tellTemplateDeleted, tellTemplateUpdated } from './events.ts'
import type { Field } from './field.ts'
import { findTemplate, MOST_TEMPLATES, type Template } from './find-template.ts'
import { templatesRefusals } from './refusals.ts'
import type { TemplateFields } from './schemas.ts'

/** A file that was looked at and stored, and what it asks for. */
export type CheckedFile = {
  readonly content: { readonly sha256: string; readonly size: number }
  readonly fileName: string
  readonly fields: readonly Field[]
}

async function requireRoom({ db, tenantId }: TemplateWork, name: string): Promise<void> {
  const live = db.selectFrom('document_templates').where('tenant_id', '=', tenantId).where('deleted_at', 'is', null)
  const { count } = await live.select((eb) => eb.fn.countAll<number>().as('count')).executeTakeFirstOrThrow()
  if (count >= MOST_TEMPLATES) throw templatesRefusals.refuse('templates.too_many')
  const taken = await live
    .where((eb) => eb(eb.fn<string>('lower', ['name']), '=', name.toLowerCase()))
    .select('id')
    .executeTakeFirst()
  if (taken !== undefined) throw templatesRefusals.refuse('templates.name_taken')
}

type Version = { id: string; version: number; document_id: string; document_version: number; file: CheckedFile }
async function insertVersion(
  { db, tenantId, now, actor }: TemplateWork,
  { id, file, ...rest }: Version,
): Promise<void> {
  await db
    .insertInto('document_template_versions')
    .values({
      ...{
        tenant_id: tenantId,
        template_id: id,
        ...rest,
        sha256: file.content.sha256,
        fields: JSON.stringify(file.fields),
      },
      ...{ created_at: now.toISOString(), created_by: actor.id },
    })
    .execute()
}

/** Keeps a file as a template of the company: a document of the library, with what its tags ask for. */
export async function createTemplate(
  work: TemplateWork,
  file: CheckedFile,
  { name, language, description, category }: TemplateFields,
  targets: LinkTargets,
): Promise<Template> {
  await requireRoom(work, name)
  const { content, fileName } = file
  const filed = { content, fileName, type: 'docx', source: 'uploaded', fields: { category: 'template' } } as const
  const document = await createDocument(work, filed, targets)
  const [id, at, by] = [newId(), work.now.toISOString(), work.actor.id]
  const row = { id, document_id: document.id, language, version: 1 }
  await work.db
    .insertInto('document_templates')
    .values({
      ...{ tenant_id: work.tenantId, ...row, name, description: description ?? null, category: category ?? null },
      ...{ created_at: at, updated_at: at, created_by: by, updated_by: by },
    })
    .execute()
  await insertVersion(work, { id, version: 1, document_id: document.id, document_version: 1, file })
  const after = {
    name,
    language,
    category: category ?? null,
    sha256: content.sha256,
    fields: file.fields.map((one) => one.name),
  }
  const entry = { action: 'document_templates.created', resource: 'document_template', resource_id: id, after }
  work.record(entry, tellTemplateCreated(row))
  return findTemplate(work, id)
}

/** A template of the company, held until the transaction ends. */
async function lockTemplate({ db, tenantId }: TemplateWork, id: string) {
  const row = await db
    .selectFrom('document_templates')
    .select(['id', 'document_id', 'version', 'language'])
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
  if (row === undefined) throw templatesRefusals.refuse('templates.not_found')
  return { ...row, language: row.language as 'it' }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const touched = ({ now, actor }: TemplateWork) => ({ updated_at: now.toISOString(), updated_by: actor.id })

/** A new file for a template; what was made of the versions before keeps their numbers. */
export async function addTemplateVersion(work: TemplateWork, id: string, file: CheckedFile): Promise<Template> {
  if (!UUID.test(id)) throw templatesRefusals.refuse('templates.not_found')
  const row = await lockTemplate(work, id)
  const { content, fileName } = file
  const document = await addVersion(work, row.document_id, { content, fileName, type: 'docx', note: null })
  const version = row.version + 1
  await insertVersion(work, { id, version, document_id: row.document_id, document_version: document.version, file })
  await work.db
    .updateTable('document_templates')
    .set((eb) => ({ version, revision: eb('revision', '+', 1), ...touched(work) }))
    .where('tenant_id', '=', work.tenantId)
    .where('id', '=', id)
    .execute()
  const after = { version, sha256: content.sha256, fields: file.fields.map((one) => one.name) }
  const entry = { action: 'document_templates.updated', resource: 'document_template', resource_id: id, after }
  work.record(entry, tellTemplateUpdated({ ...row, version }))
  return findTemplate(work, id)
}

/** Takes a template off the list. Its file stays among the documents: what was made of it can be told from it. */
export async function deleteTemplate(work: TemplateWork, id: string): Promise<void> {
  if (!UUID.test(id)) throw templatesRefusals.refuse('templates.not_found')
  const row = await lockTemplate(work, id)
  await work.db
    .updateTable('document_templates')
    .set((eb) => ({ deleted_at: work.now.toISOString(), revision: eb('revision', '+', 1), ...touched(work) }))
    .where('tenant_id', '=', work.tenantId)
    .where('id', '=', id)
    .execute()
  const entry = { action: 'document_templates.deleted', resource: 'document_template', resource_id: id }
  work.record(entry, tellTemplateDeleted(row))
}
