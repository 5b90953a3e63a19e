import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'

/** What the doors of the plants' context, the tenant's zone and the jobs read and write. */
type Foreign = 'plants' | 'control.tenants' | 'control.jobs'

/** Documents, their versions, links and files. */
export type DocumentWork = Work<Owned<'documents' | 'document_versions' | 'document_links' | 'files' | Foreign>>
/** What stands in them. */
export type TextWork = Work<
  Owned<'documents' | 'document_versions' | 'files' | 'file_texts' | 'file_pages' | 'control.jobs'>
>
/** Where evidence packs are made of what is there. */
export type EvidenceWork = DocumentWork & Work<Owned<'evidence_packs' | 'audit' | 'control.users'>>
/** Where documents are made of templates. */
export type TemplateWork = DocumentWork &
  Work<Owned<'document_templates' | 'document_template_versions' | 'document_generations' | 'control.users'>>
