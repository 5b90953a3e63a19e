import { localSteps, type Span } from '../local-steps.ts'
import { isValued, type LossSums, lossSumsOf, type Valuation } from './loss-sums.ts'
import { cutAt, type StateInterval } from './plant-state.ts'

/** What lies in the period, cut so that each piece lies in one step and in one local day (and so has one price and month). */
export function piecesOf(
  states: readonly StateInterval[],
  period: Span,
  steps: readonly Span[],
  zone: string,
): StateInterval[] {
  const days = localSteps(period.from, period.to, '1d', zone)
  const edges = [...new Set([period.from, period.to, ...[...days, ...steps].map(({ from }) => from)])]
  const ordered = edges.toSorted((one, other) => one - other)
  return cutAt(states, ordered).filter(({ from, to }) => from >= period.from && to <= period.to)
}

/** The pieces of which somebody wants to know what the plant would have given. */
export const valuedOf = (pieces: readonly StateInterval[]): StateInterval[] => pieces.filter(isValued)

/** The sums of each step; pieces and steps ascend, and each piece lies in one step. */
export function sumsBySteps(
  pieces: readonly StateInterval[],
  steps: readonly Span[],
  valuation: Valuation,
): LossSums[] {
  let at = 0
  return steps.map((step) => {
    const first = at
    while (at < pieces.length && pieces[at]!.from < step.to) at += 1
    return lossSumsOf(pieces.slice(first, at), valuation)
  })
}
