import type { Detail } from '#platform/refusal.ts'
import type { DeclaredStoppage } from '../availability/plant-state.ts'
import type { Stoppage, StoppageFields } from './schemas.ts'

const YEAR_MS = 366 * 86_400_000
const EARLIEST = Date.parse('2000-01-01T00:00:00Z')

/** Planned ahead, but not for another century: a year with a digit too many is a mistake. */
const latestAt = (now: Date): number => now.getTime() + 10 * YEAR_MS

/** A stoppage with its times in one spelling, and what is wrong with them beyond their shape. */
export function checkStoppage(
  said: StoppageFields,
  now: Date,
): { fields: StoppageFields; problems: readonly Detail[] } {
  const starts = Date.parse(said.starts_at)
  const ends = said.ends_at === null ? null : Date.parse(said.ends_at)
  const problems: Detail[] = []
  const within = (at: number): boolean => at >= EARLIEST && at <= latestAt(now)
  const message = 'must lie between the year 2000 and ten years from now'
  if (!within(starts)) problems.push({ field: 'starts_at', message })
  if (ends !== null && !within(ends)) problems.push({ field: 'ends_at', message })
  if (problems.length > 0) return { fields: said, problems }
  if (ends !== null && ends <= starts) problems.push({ field: 'ends_at', message: 'must be after starts_at' })
  const times = {
    starts_at: new Date(starts).toISOString(),
    ends_at: ends === null ? null : new Date(ends).toISOString(),
  }
  return { fields: { ...said, ...times }, problems }
}

const FIELDS = ['category', 'starts_at', 'ends_at', 'curtailed_to_kw', 'cause', 'note'] as const

type Changes = Record<'before' | 'after', Partial<StoppageFields>>

/** The database spells instants with fewer digits. */
const isSame = (field: (typeof FIELDS)[number], one: string | number | null, other: string | number | null): boolean =>
  one === other || (field.endsWith('_at') && Date.parse(String(one)) === Date.parse(String(other)))

/** The fields that differ, before and after; null where none does. */
export function stoppageChanges(before: StoppageFields, after: StoppageFields): Changes | null {
  const changed = FIELDS.filter((field) => !isSame(field, before[field], after[field]))
  if (changed.length === 0) return null
  const of = (stoppage: StoppageFields) => Object.fromEntries(changed.map((field) => [field, stoppage[field]]))
  return { before: of(before), after: of(after) }
}

/** What the trail keeps of a stoppage. */
export const stoppageFieldsOf = (stoppage: StoppageFields): StoppageFields => ({
  category: stoppage.category,
  starts_at: stoppage.starts_at,
  ends_at: stoppage.ends_at,
  curtailed_to_kw: stoppage.curtailed_to_kw,
  cause: stoppage.cause,
  note: stoppage.note,
})

/** As the figures of performance take it. */
export const declaredOf = ({
  starts_at,
  ends_at,
  category,
  curtailed_to_kw,
}: Pick<Stoppage, 'starts_at' | 'ends_at' | 'category' | 'curtailed_to_kw'>): DeclaredStoppage => ({
  from: Date.parse(starts_at),
  to: ends_at === null ? Number.POSITIVE_INFINITY : Date.parse(ends_at),
  ...{ category, curtailed_to_kw },
})
