/** A sum, and beside it what was lost when it was rounded. */
export type ExactSum = { sum: number; sum_low: number }

/**
 * Adds a number, or another such sum, and keeps what rounding loses (Neumaier 1974): however readings are grouped, by block, hour or day,
 * their sum is the same double.
 */
export function addTo(total: ExactSum, value: number, low = 0): void {
  const sum = total.sum + value
  const added = sum - total.sum
  total.sum_low += total.sum - (sum - added) + (value - added) + low
  total.sum = sum
}

/** Not finite where the sum leads beyond what a double holds. */
export const rounded = ({ sum, sum_low }: ExactSum): number => sum + sum_low
