import { sql } from 'kysely'
import type { TemplateWork } from '../tables.ts'
import type { Basis, Field } from './field.ts'
import { LANGUAGES, type Language } from './formats.ts'
import { templatesRefusals } from './refusals.ts'
import { SHIPPED, shippedOf, type Shipped } from './shipped/catalogue.ts'

/** A template as it is filled. Of one that ships the file lies beside its layout; of a company's it is a version of a document. */
export type Template = {
  readonly id: string
  readonly version: number
  readonly names: Readonly<Record<Language, string>>
  readonly descriptions: Readonly<Record<Language, string | null>>
  readonly languages: readonly Language[]
  readonly category: string | null
  readonly fields: readonly Field[]
  readonly basis: readonly Basis[]
  readonly complete: Shipped['complete'] | null
  readonly file: null | { readonly document_id: string; readonly version: number }
}

type Row = {
  id: string
  document_id: string
  name: string
  description: string | null
  language: Language
  category: string | null
  version: number
  fields: Field[]
  document_version: number
}

const both = <T>(value: T): Record<Language, T> => ({ it: value, en: value })

const ofShipped = ({ id, version, title, description, category, fields, basis, complete }: Shipped): Template => ({
  ...{ id, version, names: title, descriptions: description, languages: LANGUAGES, category, fields, basis },
  ...{ complete: complete ?? null, file: null },
})
const ofRow = ({ id, version, name, description, language, category, fields, ...file }: Row): Template => ({
  ...{ id, version, names: both(name), descriptions: both(description), languages: [language], category, fields },
  ...{ basis: [], complete: null, file: { document_id: file.document_id, version: file.document_version } },
})

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** A template in its current version, or in one of its own: the company's by id, one that ships by name. */
export async function findTemplate({ db, tenantId }: TemplateWork, id: string, version?: number): Promise<Template> {
  const shipped = shippedOf(id)
  if (shipped !== null && (version ?? shipped.version) === shipped.version) return ofShipped(shipped)
  if (!UUID.test(id)) throw templatesRefusals.refuse('templates.not_found')
  const { rows } = await sql<Row>`
    select t.id, t.document_id, t.name, t.description, t.language, t.category, v.version, v.fields, v.document_version
      from document_templates t
      join document_template_versions v on v.tenant_id = t.tenant_id and v.template_id = t.id and v.version = ${version ?? sql`t.version`}
     where t.tenant_id = ${tenantId} and t.id = ${id} and t.deleted_at is null`.execute(db)
  if (rows[0] === undefined) throw templatesRefusals.refuse('templates.not_found')
  return ofRow(rows[0])
}

/** Templates that a company may have of its own. */
export const MOST_TEMPLATES = 200

/** All of the company's and all that ship, by name. */
export async function listTemplates({ db, tenantId }: TemplateWork): Promise<Template[]> {
  const { rows } = await sql<Row>`
    select t.id, t.document_id, t.name, t.description, t.language, t.category, v.version, v.fields, v.document_version
      from document_templates t
      join document_template_versions v on v.tenant_id = t.tenant_id and v.template_id = t.id and v.version = t.version
     where t.tenant_id = ${tenantId} and t.deleted_at is null order by t.name, t.id limit ${MOST_TEMPLATES}`.execute(db)
  return [...SHIPPED.map(ofShipped), ...rows.map(ofRow)]
}

/** The language asked for, else the first the template has. */
export function languageOf({ languages }: Template, asked: Language | undefined): Language {
  if (asked !== undefined && !languages.includes(asked)) throw templatesRefusals.refuse('templates.no_language')
  return asked ?? languages[0]!
}
