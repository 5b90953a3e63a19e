/**
 * Whether a control point keeps its limits, from what was measured. LSL and USL are the limits of the recipe; s is the deviation of the
 * sample (n − 1). ISO 22400-2 (2014, by its public ontology) gives Cm with 6·s and Cp with 6·ŝ, ŝ from samples of one size; batches have
 * no one size, so that here ŝ is pooled: √(Σ(n−1)·s² / Σ(n−1)). That and the k forms are common practice, not read from the standard.
 */
export const CAPABILITY_FORMULA = {
  version: 'capability-1',
  source:
    'ISO 22400-2 (2014), by its public ontology; the pooled ŝ and the k forms are common practice, not read from the standard',
  definitions: {
    cm: '(USL − LSL) / (6·s), of the measurements of one batch',
    cmk: 'min(USL − mean, mean − LSL) / (3·s), of the measurements of one batch; of one limit that side alone',
    cp: '(USL − LSL) / (6·ŝ), ŝ pooled over the batches',
    cpk: 'min(USL − mean, mean − LSL) / (3·ŝ); of one limit that side alone',
  },
} as const

/** Measurements of one control point in one batch: how many, their mean, and Σ(x − mean)². */
export type Sample = { n: number; mean: number; squares: number }
export type Limits = { min: number | null; max: number | null }

export type Capability = {
  n: number
  batches: number
  mean: number
  s: number | null
  s_within: number | null
  cm: number | null
  cmk: number | null
  cp: number | null
  cpk: number | null
  exclusions: { reason: string; message: string }[]
}

/** Both limits by six deviations; null with one limit, or without a spread. */
const spread = ({ min, max }: Limits, deviation: number | null): number | null =>
  min === null || max === null || deviation === null || deviation === 0 ? null : (max - min) / (6 * deviation)

/** The nearer limit by three deviations; below zero where the mean is out of limits. */
function nearer({ min, max }: Limits, mean: number, deviation: number | null): number | null {
  if ((min === null && max === null) || deviation === null || deviation === 0) return null
  return Math.min((max ?? Infinity) - mean, mean - (min ?? -Infinity)) / (3 * deviation)
}

function reasonsOf({ n, s, s_within, batches }: Omit<Capability, 'exclusions'>, { min, max }: Limits) {
  const found: Capability['exclusions'] = []
  const say = (when: boolean, reason: string, message: string): void => void (when && found.push({ reason, message }))
  say(n < 2, 'too_few', 'Fewer than two measurements: no spread is known.')
  say(
    n >= 2 && s_within === null,
    'too_few_in_a_batch',
    'No batch has two measurements: the spread within batches is not known.',
  )
  say(s === 0 || s_within === 0, 'no_spread', 'All measurements are alike: the index would have no end.')
  say(min === null || max === null, 'one_sided', 'The control point has one limit: only the k forms are defined.')
  say(batches > 1, 'several_batches', 'Cm and Cmk are of one batch; these are several.')
  say(n >= 2 && n < 50, 'small_sample', 'Fewer than 50 measurements: the index is rough.')
  return found
}

/** The indices of one control point from its measurements by batch; null where they are not defined, never capped. */
export function capabilityOf(samples: readonly Sample[], limits: Limits): Capability {
  const n = samples.reduce((sum, one) => sum + one.n, 0)
  const mean = samples.reduce((sum, one) => sum + one.n * one.mean, 0) / n
  const within = samples.reduce((sum, { squares }) => sum + squares, 0)
  const between = samples.reduce((sum, one) => sum + one.n * (one.mean - mean) ** 2, 0)
  const freedom = samples.reduce((sum, one) => sum + one.n - 1, 0)
  const s = n < 2 ? null : Math.sqrt((within + between) / (n - 1))
  const s_within = freedom < 1 ? null : Math.sqrt(within / freedom)
  const one = samples.length === 1 ? s : null
  const figures = {
    ...{ n, batches: samples.length, mean, s, s_within },
    ...{ cm: spread(limits, one), cmk: nearer(limits, mean, one) },
    ...{ cp: spread(limits, s_within), cpk: nearer(limits, mean, s_within) },
  }
  return { ...figures, exclusions: reasonsOf(figures, limits) }
}
