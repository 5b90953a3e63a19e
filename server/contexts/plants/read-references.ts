import type { EdgeWork } from '#platform/database/work.ts'
import { localSteps } from './local-steps.ts'
import { intervalsOf } from './performance-intervals.ts'
import { dayNamed } from './performance-period.ts'
import type { PerformanceConstants } from './performance-ratio.ts'
import { statesOf } from './availability/plant-state.ts'
import {
  REFERENCE_RULES,
  type ReferenceDay,
  referenceDays,
  type ReferenceRatio,
  referenceRatio,
  steadyMeans,
} from './availability/reference-ratio.ts'
import type { PlantSeries } from './read-performance.ts'
import { declaredStoppages } from './stoppages/get-stoppage.ts'

const DAY_MS = 86_400_000

type Asked = { plantId: string; zone: string; constants: PerformanceConstants; series: PlantSeries }

/**
 * The reference ratio of each of these local months (`YYYY-MM`, ascending), from the year before it: the same day is valued
 * the same, whatever period is asked for. A year of minutes is read as quarters of an hour (`REFERENCE_RULES.mean_ms`): they say the
 * same to a few parts in ten thousand, and readings that are a quarter of an hour apart or more are what they are.
 */
export async function readReferences(
  work: EdgeWork,
  months: readonly string[],
  { plantId, zone, constants, series }: Asked,
): Promise<Map<string, ReferenceRatio | null>> {
  const starts = months.map((month) => dayNamed(`${month}-01`, zone).from)
  const [first, last] = [starts[0], starts.at(-1)]
  if (first === undefined || last === undefined) return new Map()
  const year = { from: first - REFERENCE_RULES.days * DAY_MS, to: last }
  const { stoppages } = await declaredStoppages(work, plantId, year)
  const means = steadyMeans(await series.means(work, plantId, year, REFERENCE_RULES.mean_ms), constants)
  const days: ReferenceDay[] = []
  let place = 0
  for (const month of localSteps(year.from, year.to, '1mo', zone)) {
    const start = place
    while (place < means.length && means[place]!.at < month.to) place += 1
    const { intervals } = intervalsOf(means.slice(start, place))
    if (intervals.length > 0) {
      days.push(...referenceDays(statesOf(intervals, month, constants.p0_kw, stoppages), constants, zone))
    }
  }
  return new Map(months.map((month, index) => [month, referenceRatio(days, starts[index]!)]))
}
