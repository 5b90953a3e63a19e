import type { Language } from './formats.ts'

export type FieldType = 'text' | 'number' | 'money' | 'date' | 'datetime' | 'boolean' | 'choice' | 'list'
/** What a template asks for. `source`: where it is read (`plant.pod`), as long as nobody gives it; null: it must be given. */
export type Field = {
  readonly name: string
  readonly label: Readonly<Record<Language, string>>
  readonly type: FieldType
  /** A missing value is an error. Of a list: it must be known, and may be empty. */
  readonly required: boolean
  readonly source: string | null
  readonly choices?: readonly string[]
  /** Of the items of a list; none where they are plain texts. */
  readonly items?: readonly Field[]
}
/** What a rule rests on. `confidence`: `certain` is known beyond doubt; `found` stands in a source that was seen; `unverified` is neither. */
export type Basis = {
  readonly text: string
  readonly source: string
  readonly year: number
  readonly confidence: 'certain' | 'found' | 'unverified'
}

type More = Partial<Pick<Field, 'type' | 'required' | 'source' | 'choices' | 'items'>>
export const field = (name: string, it: string, en: string, more: More = {}): Field => ({
  ...{ name, label: { it, en }, type: 'text', required: true, source: null },
  ...more,
})
/** The same, needed or not as the template says. */
export const optional = (of: Field): Field => ({ ...of, required: false })
/** Which of a source's fields a template takes, by their names. */
export function taken(fields: readonly Field[], required: readonly string[], may: readonly string[] = []): Field[] {
  const find = (name: string): Field => {
    const found = fields.find((one) => one.name === name)
    if (found === undefined) throw new Error(`No source gives ${name}`)
    return found
  }
  return [...required.map(find), ...may.map((name) => optional(find(name)))]
}

/** Names of what may be missing, the items of lists by `list.name`: what the filling must know. */
export const optionalNames = (fields: readonly Field[]): string[] =>
  fields.flatMap((one) => [
    ...(one.required ? [] : [one.name]),
    ...(one.items ?? []).filter((item) => !item.required).map((item) => `${one.name}.${item.name}`),
  ])
