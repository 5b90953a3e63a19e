import type { Template as Found } from './find-template.ts'
import { sampleOf } from './sample.ts'
import type { Template, TemplateSummary } from './schemas.ts'

/** Titles of those that ship in both languages: an API answers one text. */
const nameOf = ({ names }: Found): string => (names.it === names.en ? names.en : `${names.en} · ${names.it}`)

export function summaryOf(found: Found): TemplateSummary {
  const { id, version, descriptions, languages, category, file } = found
  return {
    ...{
      id,
      name: nameOf(found),
      description: descriptions.en,
      origin: file === null ? 'shipped' : 'company',
      version,
    },
    ...{ languages: [...languages], category, document_id: file?.document_id ?? null },
  }
}

export function templateOf(found: Found): Template {
  const { id, fields, basis, languages } = found
  return { ...summaryOf(found), fields: [...fields], basis: [...basis], sample: sampleOf(id, languages[0]!, fields) }
}
