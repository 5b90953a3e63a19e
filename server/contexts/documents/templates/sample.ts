import type { Field } from './field.ts'
import type { Language } from './formats.ts'

const EXAMPLES: Record<Field['type'], unknown> = {
  ...{ text: null, number: 1, money: { amount: '1234.50', currency: 'EUR' }, date: '2026-11-21' },
  ...{ datetime: '2026-11-21T10:00:00Z', boolean: true, choice: null, list: null },
}

function exampleOf(of: Field, language: Language): unknown {
  if (of.type === 'choice') return of.choices?.[0]
  if (of.type !== 'list') return EXAMPLES[of.type] ?? of.label[language]
  if (of.items === undefined) return [of.label[language]]
  return [Object.fromEntries(of.items.map((item) => [item.name, exampleOf(item, language)]))]
}

/** A body that makes a document: what no source gives stands in it as an example. */
export function sampleOf(template: string, language: Language, fields: readonly Field[]): Record<string, unknown> {
  const wanted = fields.filter((one) => one.source === null && one.required)
  const from = new Set(fields.map((one) => one.source?.split('.')[0]))
  const id = '0190a1b2-0000-7000-8000-000000000001'
  return {
    ...{ template, format: 'pdf', language },
    ...(from.has('plant') && !from.has('batch') && { plant_id: id }),
    ...(from.has('batch') && { batch_id: id }),
    ...(from.has('period') && { period: { from: '2026-10-01', to: '2026-10-31' } }),
    values: Object.fromEntries(wanted.map((one) => [one.name, exampleOf(one, language)])),
  }
}
