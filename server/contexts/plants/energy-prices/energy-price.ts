import type { Detail } from '#platform/refusal.ts'
import type { EnergyPriceFields } from './schemas.ts'

/** What is wrong with a price beyond its shape. */
export function energyPriceProblems({ valid_from }: EnergyPriceFields, now: Date): Detail[] {
  const latest = `${now.getUTCFullYear() + 30}-12-31`
  return valid_from < '2000-01-01' || valid_from > latest
    ? [{ field: 'valid_from', message: `must lie between 2000-01-01 and ${latest}` }]
    : []
}

const FIELDS = ['valid_from', 'price_eur_per_kwh', 'source', 'note'] as const

type Changes = Record<'before' | 'after', Partial<EnergyPriceFields>>

/** The fields that differ, before and after; null where none does. */
export function energyPriceChanges(before: EnergyPriceFields, after: EnergyPriceFields): Changes | null {
  const changed = FIELDS.filter((field) => before[field] !== after[field])
  if (changed.length === 0) return null
  const of = (price: EnergyPriceFields) => Object.fromEntries(changed.map((field) => [field, price[field]]))
  return { before: of(before), after: of(after) }
}

/** What the trail keeps of a price. */
export const energyPriceFieldsOf = (price: EnergyPriceFields): EnergyPriceFields => ({
  valid_from: price.valid_from,
  price_eur_per_kwh: price.price_eur_per_kwh,
  source: price.source,
  note: price.note,
})

/** The price on a local day; null before the first one. `prices` ascend by their days. */
export function priceOn(
  prices: readonly Pick<EnergyPriceFields, 'valid_from' | 'price_eur_per_kwh'>[],
  day: string,
): number | null {
  return prices.findLast(({ valid_from }) => valid_from <= day)?.price_eur_per_kwh ?? null
}
