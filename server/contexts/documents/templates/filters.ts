import { dayText, dayWords, numberText, instantIn, moneyText, timeText, type Language } from './formats.ts'
import type { Filter } from './tag.ts'

/** What a filter may know besides the value. */
export type Setting = { readonly language: Language; readonly timeZone: string }
type Apply = (value: unknown, argument: string | null, setting: Setting) => string

const words = {
  it: { yes: 'sì', no: 'no' },
  en: { yes: 'yes', no: 'no' },
} as const

const DAY = /^\d{4}-\d{2}-\d{2}$/
/** A day stays the day that it is; an instant falls on one in the zone. */
function dayOf(value: unknown, { timeZone }: Setting): string {
  const text = String(value)
  return DAY.test(text) ? text : instantIn(text, timeZone).day
}
const decimals = (argument: string | null, most: number): { from: number; to: number } =>
  argument === null ? { from: 0, to: most } : { from: Number(argument), to: Number(argument) }

function number(value: unknown, argument: string | null, { language }: Setting): string {
  const { from, to } = decimals(argument, 3)
  return numberText(value, language, from, to)
}

const dateOf: Apply = (value, argument, setting) => {
  const day = dayOf(value, setting)
  return argument === 'long' ? dayWords(day, setting.language) : dayText(day)
}

const FILTERS: Record<string, { apply: Apply; argument?: RegExp }> = {
  date: { apply: dateOf, argument: /^long$/ },
  datetime: {
    apply: (value, _argument, setting) => {
      const { day, time } = instantIn(String(value), setting.timeZone)
      return `${dayText(day)} ${timeText(time)}`
    },
  },
  time: { apply: (value, _argument, { timeZone }) => timeText(instantIn(String(value), timeZone).time) },
  number: { apply: number, argument: /^[0-6]$/ },
  percent: {
    apply: (value, argument, setting) => {
      const share = typeof value === 'number' ? Number((value * 100).toPrecision(12)) : value
      return `${numberText(share, setting.language, ...within(argument))}${setting.language === 'it' ? '\u00a0%' : '%'}`
    },
    argument: /^[0-6]$/,
  },
  unit: {
    // `unit kWh`, `unit kWh 1`: the unit stays with its number on the line.
    apply: (value, argument, setting) => {
      const [unit, places = null] = argument!.split(/\s+/)
      return `${number(value, places, setting)}\u00a0${unit}`
    },
    argument: /^\S{1,20}(\s+[0-6])?$/,
  },
  money: {
    apply: (value, argument, { language }) => {
      const [, currency = null, digits] = /^([A-Z]{3})?\s*([0-6])?$/.exec(argument ?? '') ?? []
      return moneyText(value, currency, language, digits === undefined ? undefined : Number(digits))
    },
    argument: /^([A-Z]{3}|[0-6]|[A-Z]{3} [0-6])$/,
  },
  yes_no: { apply: (value, _argument, { language }) => words[language][value === true ? 'yes' : 'no'] },
  checkbox: {
    apply: (value, argument) => ((argument === null ? value === true : String(value) === argument) ? '☒' : '☐'),
    argument: /^\S{1,50}$/,
  },
  upper: { apply: (value, _argument, { language }) => String(value).toLocaleUpperCase(language) },
}
const within = (argument: string | null): [number, number] => {
  const { from, to } = decimals(argument, 1)
  return [from, to]
}

/** `or`: what stands where a value is optional and not there. It is no filter of values, so it is not in the table. */
export const fallbackOf = (filters: readonly Filter[]): string | null =>
  filters.find(({ name }) => name === 'or')?.argument ?? null

/** Why a filter cannot stay; null where it can. */
export function filterProblem({ name, argument }: Filter): string | null {
  if (name === 'or') return argument === null ? 'or needs the text that stands for nothing' : null
  const known = Object.hasOwn(FILTERS, name) ? FILTERS[name]! : null
  if (known === null) return `there is no filter ${name}; there are ${[...Object.keys(FILTERS), 'or'].join(', ')}`
  if (argument === null) return name === 'unit' ? 'unit needs the unit' : null
  return known.argument?.test(argument) === true ? null : `${name} cannot take «${argument}»`
}

/** Throws a RangeError that says what is wrong, where the value is none for this filter. */
export function formatted(value: unknown, filters: readonly Filter[], setting: Setting): string {
  const used = filters.filter(({ name }) => name !== 'or')
  const shown = used.reduce<unknown>((at, { name, argument }) => FILTERS[name]!.apply(at, argument, setting), value)
  return typeof shown === 'string' ? shown : plain(shown, setting)
}

/** A value that no filter was named for. */
function plain(value: unknown, setting: Setting): string {
  if (typeof value === 'number') return number(value, null, setting)
  if (typeof value === 'boolean') return words[setting.language][value ? 'yes' : 'no']
  if (typeof value === 'object' && value !== null && 'amount' in value) return moneyText(value, null, setting.language)
  throw new RangeError('is a list or a group, and stands where a text is wanted')
}
