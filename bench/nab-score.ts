/**
 * The rules of the Numenta Anomaly Benchmark (Lavin and Ahmad 2015, arXiv:1510.03336), standard profile: within a labelled window
 * the first detection counts, the more the earlier; one outside costs 0.11, less just behind a window; a missed window costs 1. The
 * first 15 % of a series, at most 750 readings, are not scored. 0 is a detector that never fires, 100 a perfect one.
 */
const MISSED = 1
const FALSE_ALARM = 0.11
const PROBATION = 0.15
const LONGEST_SERIES = 5_000

/** Windows as indexes of their first and last reading. */
export type ScoredSeries = { scores: readonly number[]; windows: readonly (readonly [number, number])[] }

const worth = (y: number): number => (y > 3 ? -1 : 2 / (1 + Math.exp(5 * y)) - 1)

/** What a threshold is worth for each window that it finds, and for all that it finds outside them. */
function gainOf({ scores, windows }: ScoredSeries, threshold: number): { gain: number; windows: number } {
  const probation = Math.min(Math.floor(PROBATION * scores.length), PROBATION * LONGEST_SERIES)
  let gain = 0
  let counted = 0
  for (const [left, right] of windows) {
    if (right < probation) continue
    counted += 1
    let first = Math.max(left, probation)
    while (first <= right && scores[first]! < threshold) first += 1
    gain += first > right ? -MISSED : worth(-(right - first + 1) / (right - left + 1)) / worth(-1)
  }
  for (let i = Math.ceil(probation); i < scores.length; i += 1) {
    if (scores[i]! < threshold || windows.some(([left, right]) => i >= left && i <= right)) continue
    const behind = windows.findLast(([, right]) => right < i)
    gain += behind === undefined ? -FALSE_ALARM : FALSE_ALARM * worth((i - behind[1]) / (behind[1] - behind[0]))
  }
  return { gain, windows: counted }
}

/** The score of many series at one threshold for all of them. */
export function nabScore(series: readonly ScoredSeries[], threshold: number): number {
  const gains = series.map((one) => gainOf(one, threshold))
  const windows = gains.reduce((sum, one) => sum + one.windows, 0)
  const gain = gains.reduce((sum, one) => sum + one.gain, 0)
  return (100 * (gain + MISSED * windows)) / ((1 + MISSED) * windows)
}
