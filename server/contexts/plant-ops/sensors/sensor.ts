import type { Detail } from '#platform/refusal.ts'

/** The limits that cannot both hold, named; none where they can. */
export function limitProblems({ min, max }: { min: number | null; max: number | null }): Detail[] {
  if (min === null || max === null || min < max) return []
  return [{ field: 'min', message: 'must be below max' }]
}
