/** The fields of a change that differ from what is there, before and after; null where none does. */
export function changesOf(
  before: object,
  change: object,
): { before: Record<string, unknown>; after: Record<string, unknown> } | null {
  const was = before as Record<string, unknown>
  const changed = Object.entries(change).filter(([name, value]) => JSON.stringify(was[name]) !== JSON.stringify(value))
  if (changed.length === 0) return null
  return {
    before: Object.fromEntries(changed.map(([name]) => [name, was[name] ?? null])),
    after: Object.fromEntries(changed),
  }
}
