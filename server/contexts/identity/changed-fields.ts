/** The fields that a change really changes, before and after; null where it changes nothing. */
export function changedFields<T extends Record<string, unknown>>(
  row: T,
  change: { [Field in keyof T]?: T[Field] | undefined },
): { before: Partial<T>; after: Partial<T> } | null {
  const before: Partial<T> = {}
  const after: Partial<T> = {}
  for (const field of Object.keys(change) as (keyof T)[]) {
    const value = change[field]
    if (value === undefined || JSON.stringify(row[field]) === JSON.stringify(value)) continue
    before[field] = row[field]
    after[field] = value
  }
  return Object.keys(after).length === 0 ? null : { before, after }
}
