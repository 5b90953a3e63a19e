export type Span = { from: number; to: number }

/**
 * The stretches of the chain that prove these entries: from each to the next signed head, both included. Entries that share a stretch
 * share it here. Both lists rise; each entry has a head at or behind it, which whoever calls has signed.
 */
export function chainSpans(entries: readonly number[], heads: readonly number[]): Span[] {
  const spans: Span[] = []
  let at = 0
  for (const number of entries) {
    const last = spans.at(-1)
    if (last !== undefined && number <= last.to) continue
    while (at < heads.length && heads[at]! < number) at += 1
    const to = heads[at]
    if (to === undefined) throw new Error(`No signed head stands behind link ${number}`)
    // Side by side they are one: the chain goes on.
    if (last !== undefined && number === last.to + 1) last.to = to
    else spans.push({ from: number, to })
  }
  return spans
}
