import type { Detail } from '#platform/refusal.ts'
import { field, type Field } from './field.ts'
import type { DeclaredFields } from './schemas.ts'
import { sourceFields } from './source-fields.ts'
import { fieldName, parseTag } from './tag.ts'
import type { TagUse } from './template-tags.ts'

type Declared = DeclaredFields[number]

const isName = (name: string): boolean =>
  (parseTag(name)?.path.length ?? 0) > 0 && !/[|\s]/.test(name) && fieldName(name) === name
const labelOf = ({ name, label }: Pick<Declared, 'name' | 'label'>, known: Field | undefined): Field['label'] => {
  if (label === undefined) return known?.label ?? { it: name, en: name }
  return typeof label === 'string' ? { it: label, en: label } : label
}

/** A field as its company declared it, beside what a source says of one with this name. */
function declaredField(one: Declared, known: Field | undefined): Field {
  const type = one.type ?? known?.type ?? (one.items === undefined ? 'text' : 'list')
  const items =
    one.items?.map((item) =>
      declaredField(
        item,
        known?.items?.find(({ name }) => name === item.name),
      ),
    ) ?? known?.items
  return {
    ...{
      name: one.name,
      label: labelOf(one, known),
      type,
      required: one.required ?? true,
      source: known?.source ?? null,
    },
    ...(one.choices !== undefined && { choices: one.choices }),
    ...(type === 'list' && items !== undefined && { items }),
  }
}

/** A section that nothing is known of is a list where its inside asks for its items, and a condition otherwise. */
function guessedList(
  { name, within }: TagUse,
  uses: readonly TagUse[],
  known: ReadonlyMap<string, Field>,
): Field | null {
  const inside = uses.filter((one) => one.within.length > within.length && one.within[within.length] === name)
  const own = inside.filter((one) => one.name !== name && !known.has(fieldName(one.name)))
  const plain = own.some((one) => one.name === '.')
  const items = [
    ...new Map(own.filter((one) => one.name !== '.' && !one.name.includes('.')).map((one) => [one.name, one])).values(),
  ]
  if (!plain && items.length === 0) return null
  const made = items.map((one) => ({
    ...field(one.name, one.name, one.name),
    required: !one.fallback && one.kind === 'value',
  }))
  return { ...field(name, name, name, { type: 'list' }), ...(!plain && { items: made }) }
}

/** Whether a name stands in a list that has it in its items; then it is no field of its own. */
const inItems = ({ name, within }: TagUse, fields: ReadonlyMap<string, Field>): boolean =>
  within.some((section) => fields.get(fieldName(section))?.items?.some((item) => item.name === name) === true)

/** The fields of a company's template: as it declares them, else as sources describe them, else needed texts and lists. */
export function templateFields(
  uses: readonly TagUse[],
  declared: DeclaredFields,
): { fields: Field[]; problems: Detail[] } {
  const known = new Map(sourceFields.map((one) => [one.name, one]))
  const all = new Map(known)
  for (const one of declared) all.set(one.name, declaredField(one, known.get(one.name)))
  const wrong = declared.flatMap((one) => [one, ...(one.items ?? [])]).filter(({ name }) => !isName(name))
  const fields = new Map<string, Field>()
  for (const use of uses) {
    const name = fieldName(use.name)
    if (name === '.' || fields.has(name) || use.kind === 'value' || all.has(name)) continue
    const list = guessedList({ ...use, name }, uses, all)
    if (list !== null) all.set(name, list)
  }
  for (const use of uses) {
    const name = fieldName(use.name)
    if (name === '.' || inItems(use, all)) continue
    const found = all.get(name) ?? field(name, name, name)
    const isDeclared = declared.some((one) => one.name === name)
    // What is printed only where it is there, or has a text for nothing, may be missing.
    const may = use.fallback || (found.type !== 'list' && (use.kind === 'section' || use.within.includes(name)))
    const before = fields.get(name)
    const required = isDeclared ? found.required : before?.required === true || !may
    fields.set(name, { ...found, required })
  }
  const idle = declared.filter(({ name }) => !fields.has(name))
  return {
    fields: [...fields.values()],
    problems: [
      ...wrong.map(({ name }) => ({ field: name.slice(0, 100), message: 'is no name of a field' })),
      ...idle.map(({ name }) => ({
        field: name.slice(0, 100),
        message: 'is declared, and the template does not ask for it',
      })),
    ],
  }
}
