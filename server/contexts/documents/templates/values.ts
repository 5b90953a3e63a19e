import type { Detail } from '#platform/refusal.ts'
import type { Field, FieldType } from './field.ts'
import { valueAt } from './tag.ts'

export type Values = Record<string, unknown>
/** Which field has its value from where: a source's name, `values`, or `worked out`. */
export type Filled = { readonly name: string; readonly from: string }

const NOTHING: readonly unknown[] = [undefined, null, '']
export const isMissing = (value: unknown): boolean => NOTHING.includes(value)

const MOST_ITEMS = 2_000
const LONGEST = 20_000
const DAY = /^\d{4}-\d{2}-\d{2}$/
const isDay = (value: unknown): boolean =>
  typeof value === 'string' && DAY.test(value) && new Date(`${value}T00:00:00Z`).toISOString().startsWith(value)
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/
const isTime = (value: unknown): boolean =>
  typeof value === 'string' && TIME.test(value) && !Number.isNaN(Date.parse(value))
const isNumber = (value: unknown): boolean =>
  typeof value === 'number'
    ? Number.isFinite(value) && Math.abs(value) < 1e15
    : typeof value === 'string' && /^-?\d{1,15}(\.\d{1,6})?$/.test(value)

// A database cannot keep the sign of number zero, nor half a sign; Word and PDF know no control signs.
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/
const isText = (value: unknown): boolean =>
  typeof value === 'string' && value.length <= LONGEST && value.isWellFormed() && !CONTROL.test(value)

function safely(check: () => boolean): boolean {
  try {
    return check()
  } catch {
    return false
  }
}

const FITS: Record<FieldType, { fits: (value: unknown) => boolean; wanted: string }> = {
  text: {
    fits: isText,
    wanted: `a text of at most ${LONGEST} signs`,
  },
  number: { fits: isNumber, wanted: 'a number' },
  money: {
    fits: (value) =>
      typeof value === 'object' &&
      value !== null &&
      isNumber((value as Values)['amount']) &&
      /^[A-Z]{3}$/.test(String((value as Values)['currency'])),
    wanted: '{amount, currency}',
  },
  date: { fits: (value) => isDay(value) || isTime(value), wanted: 'a date, YYYY-MM-DD' },
  datetime: { fits: isTime, wanted: 'a time, RFC 3339' },
  boolean: { fits: (value) => typeof value === 'boolean', wanted: 'true or false' },
  choice: { fits: (value) => typeof value === 'string', wanted: 'one of its choices' },
  list: { fits: Array.isArray, wanted: 'a list' },
}

function itemProblems(of: Field, item: unknown, at: string): Detail[] {
  if (of.items === undefined)
    return FITS.text.fits(item) && item !== '' ? [] : [{ field: at, message: `must be ${FITS.text.wanted}` }]
  if (typeof item !== 'object' || item === null || Array.isArray(item))
    return [{ field: at, message: 'must be an object' }]
  const strange = Object.keys(item).filter((name) => !of.items!.some((one) => one.name === name))
  return [
    ...strange.map((name) => ({ field: `${at}.${name.slice(0, 50)}`, message: 'is not asked for by this template' })),
    ...of.items.flatMap((one) => {
      const value = valueAt(item, [one.name])
      return isMissing(value) ? [] : problemsOf(one, value, `${at}.${one.name}`)
    }),
  ]
}

/** Why a value does not fit its field; of a list, each item. */
export function problemsOf(of: Field, value: unknown, at = of.name): Detail[] {
  if (!safely(() => FITS[of.type].fits(value))) return [{ field: at, message: `must be ${FITS[of.type].wanted}` }]
  if (of.type === 'choice' && of.choices?.includes(String(value)) !== true) {
    return [{ field: at, message: `must be one of ${of.choices?.join(', ')}` }]
  }
  if (!Array.isArray(value)) return []
  if (value.length > MOST_ITEMS) return [{ field: at, message: `may have at most ${MOST_ITEMS} items` }]
  return value.flatMap((item, index) => itemProblems(of, item, `${at}[${index}]`)).slice(0, 50)
}

function set(tree: Values, path: readonly string[], value: unknown): void {
  const [name, ...rest] = path
  if (rest.length === 0) tree[name!] = value
  else set((tree[name!] ??= {}) as Values, rest, value)
}

/** What a caller gives, by the names of fields: `{"plant.pod": …}` and `{"plant": {"pod": …}}` are the same. */
export function givenValues(
  given: Values,
  fields: readonly Field[],
): { values: Map<string, unknown>; problems: Detail[] } {
  const [values, problems]: [Map<string, unknown>, Detail[]] = [new Map(), []]
  const take = (name: string, value: unknown, deep: number): void => {
    const of = fields.find((one) => one.name === name)
    const isGroup = fields.some((one) => one.name.startsWith(`${name}.`))
    if (of !== undefined) {
      if (isMissing(value)) return
      values.set(name, value)
      problems.push(...problemsOf(of, value))
    } else if (isGroup && typeof value === 'object' && value !== null && !Array.isArray(value) && deep < 4) {
      for (const [more, inner] of Object.entries(value)) take(`${name}.${more}`, inner, deep + 1)
    } else problems.push({ field: name.slice(0, 100), message: 'is not asked for by this template' })
  }
  for (const [name, value] of Object.entries(given)) take(name, value, 0)
  return { values, problems: problems.slice(0, 50) }
}

export type Composed = { values: Values; filled: Filled[] }

/** The values of all fields: what was given, else what its source says. What has neither is not in it. */
export function compose(fields: readonly Field[], given: ReadonlyMap<string, unknown>, sources: Values): Composed {
  const [values, filled]: [Values, Filled[]] = [{}, []]
  for (const of of fields) {
    const own = given.get(of.name)
    const value = own ?? (of.source === null ? undefined : valueAt(sources, of.source.split('.')))
    if (isMissing(value)) continue
    set(values, of.name.split('.'), value)
    filled.push({ name: of.name, from: own === undefined ? of.source!.split('.')[0]! : 'values' })
  }
  return { values, filled }
}

/** What had no value before, and has one now. */
export function workedOut(fields: readonly Field[], { values, filled }: Composed): Filled[] {
  return fields
    .filter(({ name }) => !filled.some((one) => one.name === name) && !isMissing(valueAt(values, name.split('.'))))
    .map(({ name }) => ({ name, from: 'worked out' }))
}

/** Which required values are not there, items of lists too. */
export function missingFields(fields: readonly Field[], values: Values): { name: string; field: Field }[] {
  return fields.flatMap((of) => {
    const value = valueAt(values, of.name.split('.'))
    if (isMissing(value)) return of.required ? [{ name: of.name, field: of }] : []
    if (!Array.isArray(value)) return []
    return value.flatMap((item, index) =>
      (of.items ?? [])
        .filter((one) => one.required && isMissing(valueAt(item, [one.name])))
        .map((one) => ({ name: `${of.name}[${index}].${one.name}`, field: one })),
    )
  })
}
