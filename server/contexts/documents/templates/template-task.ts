import type { Detail } from '#platform/refusal.ts'
import type { Language } from './formats.ts'
import type { TagUse } from './template-tags.ts'

export type Format = 'docx' | 'pdf'

/** What the thread is asked. Times as text: what goes to a thread is copied. */
export type TemplateTask =
  | { readonly do: 'check'; readonly file: Uint8Array }
  | {
      readonly do: 'fill'
      readonly file: Uint8Array
      readonly format: Format
      readonly values: Record<string, unknown>
      readonly optional: readonly string[]
      readonly language: Language
      readonly time_zone: string
      readonly title: string
      readonly author: string
      readonly now: string
    }

export type TemplateRefusal =
  | 'templates.file_type'
  | 'templates.unsafe'
  | 'templates.too_large'
  | 'templates.tags_invalid'
  | 'templates.values_missing'
  | 'templates.values_invalid'
  | 'templates.unprintable'

export type TemplateAnswer =
  | { readonly uses: readonly TagUse[] }
  | { readonly made: Uint8Array }
  | { readonly refused: TemplateRefusal; readonly details: readonly Detail[] }
