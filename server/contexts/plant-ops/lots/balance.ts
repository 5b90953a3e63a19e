import type { Lot, Movement, RecallReport, Trace, TracedBatch } from './schemas.ts'

/** Units that are one another's multiples; any other is its own. */
const MULTIPLES: Record<string, readonly [unit: string, times: number]> = {
  g: ['kg', 0.001],
  kg: ['kg', 1],
  t: ['kg', 1000],
  ml: ['l', 0.001],
  l: ['l', 1],
}
const inBase = (unit: string, quantity: number): { unit: string; quantity: number } => {
  const [base, times] = MULTIPLES[unit] ?? [unit, 1]
  return { unit: base, quantity: quantity * times }
}
/** Sums of decimals in doubles, without their noise. */
const tidy = (value: number): number => Number(value.toPrecision(12))
const share = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null)

/** CM, consumed material; GQ, SQ, RQ as reported of the batch; STL and OL cannot be told apart by a discard. */
export const BALANCE_FORMULA = {
  version: 'balance-1',
  source: 'ISO 22400-2 (2014), by its public ontology; unit by unit, raw, never capped',
  definitions: {
    difference: 'CM − GQ − SQ − RQ',
    finished_goods_ratio: 'GQ / CM: the yield of food',
    scrap_ratio: 'SQ / CM',
    rework_ratio: 'RQ / CM',
    production_loss:
      'PL = CM − GQ − RQ: what was put in and came out neither good nor to be reworked; below zero where more came out, null where nothing was put in',
    production_loss_ratio: 'PL / CM; finished goods + rework + production loss = 1',
    discarded:
      'STL + OL: what was discarded of the lots that the batch made; parts that were split or merged are not followed',
    storage_and_other_loss_ratio: '(STL + OL) / CM; it is part of the good quantity',
  },
} as const

type Quantities = Pick<TracedBatch, 'unit' | 'good_quantity' | 'scrap_quantity' | 'rework_quantity'>

type Weighed = { unit: string; quantity: number }
const NOTHING = { input: 0, good: 0, scrap: 0, rework: 0, discarded: 0 }

/** What went into a batch and what came out of it, unit by unit: what is not of one kind is not added. */
export function massBalance(batch: Quantities, inputs: readonly Weighed[], discards: readonly Weighed[]) {
  const sums = new Map<string, typeof NOTHING>()
  const add = (what: keyof typeof NOTHING, unit: string, quantity: number): void => {
    const base = inBase(unit, quantity)
    const sum = sums.get(base.unit) ?? { ...NOTHING }
    sum[what] += base.quantity
    sums.set(base.unit, sum)
  }
  add('good', batch.unit, batch.good_quantity ?? 0)
  add('scrap', batch.unit, batch.scrap_quantity ?? 0)
  add('rework', batch.unit, batch.rework_quantity ?? 0)
  for (const { unit, quantity } of inputs) add('input', unit, quantity)
  for (const { unit, quantity } of discards) add('discarded', unit, quantity)
  return [...sums].map(([unit, { input, good, scrap, rework, discarded }]) => ({
    ...{ unit, input: tidy(input), good: tidy(good), scrap: tidy(scrap), rework: tidy(rework) },
    difference: tidy(input - good - scrap - rework),
    finished_goods_ratio: share(good, input),
    scrap_ratio: share(scrap, input),
    rework_ratio: share(rework, input),
    production_loss: input > 0 ? tidy(input - good - rework) : null,
    production_loss_ratio: share(input - good - rework, input),
    discarded: tidy(discarded),
    storage_and_other_loss_ratio: share(discarded, input),
  }))
}

const ofKind = (movements: readonly Movement[], kind: string): Movement[] =>
  movements.filter((movement) => movement.kind === kind)

/** What a batch made and no lot says where it is; null where lots are counted in another unit. */
function missingOf(batch: TracedBatch, lots: ReadonlyMap<string, Lot>, movements: readonly Movement[]): number {
  const made = inBase(batch.unit, (batch.good_quantity ?? 0) + (batch.rework_quantity ?? 0))
  const found = ofKind(movements, 'produce')
    .filter(({ batch_id }) => batch_id === batch.id)
    .map(({ to_lot_id, quantity }) => inBase(lots.get(to_lot_id!)?.unit ?? batch.unit, quantity))
    .filter(({ unit }) => unit === made.unit)
  return Math.max(0, tidy(made.quantity - found.reduce((sum, { quantity }) => sum + quantity, 0)))
}

const named = ({ id, code, unit }: Lot) => ({ lot_id: id, code, unit })

/**
 * What became of a lot: everything that was made of it, where that is now, and how much of it is accounted for. Of a lot everything is, by
 * its movements; of a batch, what lots were made of.
 */
export function recallReport(start: Lot, { lots, batches, movements, truncated }: Trace): RecallReport {
  const byId = new Map(lots.map((lot) => [lot.id, lot]))
  const moved = (kind: string) =>
    ofKind(movements, kind).flatMap((movement) => {
      const lot = byId.get(movement.from_lot_id ?? '')
      return lot === undefined ? [] : [{ ...named(lot), quantity: movement.quantity, movement }]
    })
  const totals = new Map<string, { total: number; accounted: number }>()
  const count = (unit: string, quantity: number, accounted: number): void => {
    const base = inBase(unit, 1)
    const sum = totals.get(base.unit) ?? { total: 0, accounted: 0 }
    totals.set(base.unit, { total: sum.total + quantity, accounted: sum.accounted + accounted })
  }
  const first = inBase(start.unit, start.quantity)
  count(first.unit, first.quantity, first.quantity)
  const unaccounted = batches.flatMap((batch) => {
    const made = inBase(batch.unit, (batch.good_quantity ?? 0) + (batch.rework_quantity ?? 0))
    const missing = missingOf(batch, byId, movements)
    count(made.unit, made.quantity, made.quantity - missing)
    const { id: batch_id, batch_number } = batch
    return missing > 0 ? [{ batch_id, batch_number, unit: made.unit, quantity: missing }] : []
  })
  const accounted = [...totals].map(([unit, sum]) => {
    const part = share(sum.accounted, sum.total)
    return {
      unit,
      total: tidy(sum.total),
      accounted: tidy(sum.accounted),
      percentage: part === null ? null : tidy(part * 100),
    }
  })
  const known = accounted.map(({ percentage }) => percentage).filter((percentage) => percentage !== null)
  return {
    percentage: known.length > 0 ? Math.min(...known) : null,
    accounted,
    on_hand: lots.filter(({ on_hand }) => on_hand > 0).map((lot) => ({ ...named(lot), quantity: lot.on_hand })),
    shipped: moved('ship').map(({ movement, ...rest }) => ({
      ...rest,
      destination: movement.destination!,
      at: movement.at,
    })),
    discarded: moved('discard').map(({ movement: _movement, ...rest }) => rest),
    unaccounted,
    ...{ lots: lots.length, batches: batches.length, truncated },
  }
}
