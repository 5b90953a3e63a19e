import type { EdgeWork } from '#platform/database/work.ts'
import type { Language } from './formats.ts'

/** Days, both included, in the plant's zone. */
export type TemplatePeriod = { readonly from: string; readonly to: string }

/** What a document is to be about. `time_zone`: the company's. */
export type TemplateSubject = {
  readonly plant_id: string | null
  readonly batch_id: string | null
  readonly period: TemplatePeriod | null
  readonly language: Language
  readonly time_zone: string
}

/**
 * Where values are read, by another room: what it gives is described in source-fields.ts. `permissions`: what it takes to see them. `read`
 * answers null where the subject is not there or not to be seen; `{}` where the order names none. What is not known is null.
 */
export type TemplateSource = {
  readonly permissions: readonly string[]
  readonly read: (work: EdgeWork, subject: TemplateSubject) => Promise<Record<string, unknown> | null>
}

/** `batch` answers with its `plant_id`, `plant` with its `time_zone`. */
export type TemplateSources = Readonly<Record<'plant' | 'batch' | 'maintenance', TemplateSource>>
