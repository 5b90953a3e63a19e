import type { LineStatus } from '../lines/line-status.ts'
import { isFailure } from '../lines/stop-reasons.ts'
import type { BatchFact, LineFacts } from './line-facts.ts'
import { overlap, type Span } from './spans.ts'

/** Kinds of facts that a change may concern; what a change does not name it leaves as it is. */
export type FactKind = 'states' | 'batches' | 'outputs' | 'shifts' | 'planned_downtimes'

type Open = { from: number; to: number | null }
/** Facts as they were before a change, of its kinds, as far as they touch its span. An end that is null was open. */
export type Before = {
  states?: (Open & { status: LineStatus; reason_code: string | null })[]
  batches?: (Open & Omit<BatchFact, 'from' | 'to' | 'open' | 'outputs' | 'holds'> & { holds: Open[] })[]
  /** Ids: what was put out is never changed, only added to. */
  outputs?: string[]
  shifts?: Span[]
  planned_downtimes?: Span[]
  first_shift?: number | null
}
export type LineChange = Span & { before: Before }

const touches = (one: Span, span: Span): boolean => one.from <= span.to && one.to >= span.from

/** What does not touch a span, and in the place of what does, what touched it before. */
const replaced = <T extends Span>(now: readonly T[], span: Span, before: readonly T[] | undefined): readonly T[] =>
  before === undefined
    ? now
    : [...now.filter((one) => !touches(one, span)), ...before].toSorted((a, b) => a.from - b.from)

/** The facts of a line as they were before a change, from what they were after it. */
export function undone(after: LineFacts, { before, ...span }: LineChange): LineFacts {
  const closed = <T extends Open>(one: T): T & Span => ({ ...one, to: one.to ?? after.now })
  const outputsOf = (id: string) => after.batches.find((batch) => batch.id === id)?.outputs ?? []
  const known = before.outputs && new Set(before.outputs)
  const batches = replaced(
    after.batches,
    span,
    before.batches?.map((batch) => ({
      ...closed(batch),
      ...{ open: batch.to === null, outputs: outputsOf(batch.id), holds: batch.holds.map(closed) },
    })),
  )
  return {
    ...after,
    states: replaced(after.states, span, before.states?.map(closed)),
    batches: batches.map((batch) => ({
      ...batch,
      outputs: known ? batch.outputs.filter((one) => !touches(one, span) || known.has(one.id)) : batch.outputs,
    })),
    shifts: replaced(after.shifts, span, before.shifts),
    planned_downtimes: replaced(after.planned_downtimes, span, before.planned_downtimes),
    first_shift: before.first_shift === undefined ? after.first_shift : before.first_shift,
  }
}

/** The facts before each of several changes and after the last, from what they are after all. */
export function undoneOneByOne(now: LineFacts, changes: readonly LineChange[]): LineFacts[] {
  const facts = [now]
  for (const change of changes.toReversed()) facts.unshift(undone(facts[0]!, change))
  return facts
}

/**
 * All that a change of a span can change: what a batch put out over a stretch is spread over the time in which the line ran in it, and a
 * failure belongs to where it began.
 */
export function reachOf(facts: LineFacts, span: Span): Span {
  const reached = [
    ...facts.batches.flatMap((batch) => [...batch.outputs, ...(isSpread(batch) ? [batch] : [])]),
    ...facts.states.filter(({ status, reason_code }) => isFailure(status, reason_code, facts.failures)),
  ].filter((one) => overlap(one, span) !== null)
  return {
    from: Math.min(span.from, ...reached.map(({ from }) => from)),
    to: Math.max(span.to, ...reached.map(({ to }) => to)),
  }
}
const isSpread = ({ inspected, planned_scrap }: BatchFact): boolean => inspected > 0 || planned_scrap !== null
