import { newSeries, type Series } from './series.ts'

/**
 * Largest triangle, three buckets (Steinarsson 2013): so many readings that a plot of them looks like a plot of all. The first and the
 * last stay; in between each stretch gives the reading that spans the largest triangle with the one chosen before it and the mean
 * of the stretch after it.
 */
export function downsampled(series: Series, points: number): Series {
  const { length, at_ms, value } = series
  if (length <= points) return series
  const chosen = newSeries(points)
  const take = (from: number, to: number): void => {
    chosen.at_ms[to] = at_ms[from]!
    chosen.value[to] = value[from]!
    chosen.score[to] = series.score[from]!
    chosen.mark[to] = series.mark[from]!
  }
  take(0, 0)
  const every = (length - 2) / (points - 2)
  let last = 0
  for (let point = 1; point < points - 1; point += 1) {
    const from = Math.floor((point - 1) * every) + 1
    const to = Math.floor(point * every) + 1
    const nextTo = Math.min(length, Math.floor((point + 1) * every) + 1)
    let [meanAt, meanValue] = [0, 0]
    for (let i = to; i < nextTo; i += 1) {
      meanAt += at_ms[i]! / (nextTo - to)
      meanValue += value[i]! / (nextTo - to)
    }
    let [best, largest] = [from, -1]
    for (let i = from; i < to; i += 1) {
      const area = Math.abs(
        (at_ms[last]! - meanAt) * (value[i]! - value[last]!) - (at_ms[last]! - at_ms[i]!) * (meanValue - value[last]!),
      )
      if (area > largest) {
        largest = area
        best = i
      }
    }
    take(best, point)
    last = best
  }
  take(length - 1, points - 1)
  return chosen
}
