import type { Span } from '../local-steps.ts'
import type { MeterOfRegistry } from '../plant-facts.ts'

/** A meter of a plant's production while it is mounted. */
export type MountedMeter = Span & {
  serial: string | null
  /** kWh per unit of the counter; null: not known, and its energy is not either. */
  constant_k: number | null
  /** Whole digits of the counter: after 10^digits it begins anew; null: not known. */
  digits: number | null
  /** What it showed when it was mounted (`from`) and when it was taken down (`to`); null: not known. */
  first: number | null
  last: number | null
}

const ALWAYS = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }
/** Where the registry lists no meter, a counter shows kWh. */
export const KWH_METER: MountedMeter = {
  ...{ ...ALWAYS, serial: null, constant_k: 1, digits: null, first: null, last: null },
}

/**
 * The meters whose counter a plant's energy is read from: those of production; where none is said to be one, those without a role.
 * Without dates of mounting and removal a meter was always there.
 */
export function productionMeters(meters: readonly MeterOfRegistry[]): MountedMeter[] {
  const production = meters.filter(({ role }) => role === 'production')
  const listed = production.length > 0 ? production : meters.filter(({ role }) => (role ?? null) === null)
  if (listed.length === 0) return [KWH_METER]
  return listed.map((meter) => ({
    from: meter.mounted_at ? Date.parse(meter.mounted_at) : ALWAYS.from,
    to: meter.removed_at ? Date.parse(meter.removed_at) : ALWAYS.to,
    serial: meter.serial ?? null,
    constant_k: (meter.constant_k ?? 0) > 0 ? meter.constant_k! : null,
    digits: meter.register_digits ?? null,
    first: meter.mounted_at ? (meter.register_at_mounting ?? null) : null,
    last: meter.removed_at ? (meter.register_at_removal ?? null) : null,
  }))
}
