/** A half-open stretch of time, epoch milliseconds. */
export type Span = { from: number; to: number }

/** The part of a span that lies within another; null where there is none. */
export function overlap(a: Span, b: Span): Span | null {
  const [from, to] = [Math.max(a.from, b.from), Math.min(a.to, b.to)]
  return from < to ? { from, to } : null
}

/** What these spans cover together, in order and without overlap, cut to a period. */
export function covered(spans: readonly Span[], within: Span): Span[] {
  const inside = spans.map((span) => overlap(span, within)).filter((span) => span !== null)
  const merged: Span[] = []
  for (const span of inside.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1)
    if (last !== undefined && span.from <= last.to) last.to = Math.max(last.to, span.to)
    else merged.push({ ...span })
  }
  return merged
}

/** How long these spans are within another, when they do not overlap. */
export const lengthWithin = (spans: readonly Span[], within: Span): number =>
  spans.reduce((sum, span) => {
    const part = overlap(span, within)
    return part === null ? sum : sum + part.to - part.from
  }, 0)
