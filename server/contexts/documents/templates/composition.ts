import type { Detail } from '#platform/refusal.ts'
import type { Template } from './find-template.ts'
import type { Language } from './formats.ts'
import type { GenerateOrder } from './schemas.ts'
import { valueAt } from './tag.ts'
import { compose, givenValues, missingFields, workedOut, type Composed, type Filled } from './values.ts'

export type Composition = Composed & { readonly missing: Detail[]; readonly invalid: Detail[]; readonly name: string }

/** The values of a document: given, read, worked out; with what is missing and what does not fit, each named. */
export function composition(
  template: Template,
  order: GenerateOrder,
  { language, sources }: { language: Language; sources: Record<string, unknown> },
): Composition {
  const { fields, complete } = template
  const given = givenValues(order.values ?? {}, fields)
  const first = compose(fields, given.values, sources)
  const values =
    given.problems.length === 0 && complete !== null && complete !== undefined ? complete(first.values) : first.values
  const filled: Filled[] = [...first.filled, ...workedOut(fields, { values, filled: first.filled })]
  const missing = missingFields(fields, values).map(({ name, field }) => {
    const [source] = field.source?.split('.') ?? []
    const where = source === undefined || source === 'worked out' ? '' : `: ${source} does not say it`
    return { field: name, message: `is missing (${field.label[language]})${where}` }
  })
  const periods = order.period !== undefined && order.period.from > order.period.to
  const invalid = periods
    ? [...given.problems, { field: 'period.to', message: 'is before period.from' }]
    : given.problems
  return {
    values,
    filled,
    missing: missing.slice(0, 100),
    invalid,
    name: nameOf(template, order, { language, values }),
  }
}

/** What the document is called where nobody says it: the template, what it is about, the day. */
function nameOf(
  { names }: Template,
  { name, format }: GenerateOrder,
  { language, values }: { language: Language; values: Record<string, unknown> },
): string {
  const ending = `.${format}`
  if (name !== undefined) return name.toLowerCase().endsWith(ending) ? name : `${name}${ending}`
  const about = valueAt(values, ['batch', 'number']) ?? valueAt(values, ['plant', 'name'])
  const parts = [names[language], about, valueAt(values, ['today'])].filter((part) => typeof part === 'string')
  return `${parts.join(' ').slice(0, 240)}${ending}`
}
