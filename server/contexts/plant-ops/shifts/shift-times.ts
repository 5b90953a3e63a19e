import { dayIn } from '#platform/tenancy/tenant-day.ts'
import type { Span } from '../oee/spans.ts'

const DAY_MS = 86_400_000
/** Days of the week as patterns name them, Sunday first as Date counts. */
export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const
export type Weekday = (typeof WEEKDAYS)[number]

const formatters = new Map<string, Intl.DateTimeFormat>()
function formatterOf(zone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(zone)
  if (formatter === undefined) {
    const two = '2-digit'
    const parts = { year: 'numeric', month: two, day: two, hour: two, minute: two, second: two } as const
    formatters.set(zone, (formatter = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, ...parts })))
  }
  return formatter
}

/** Whether this system knows a zone by that name. */
export function isTimeZone(zone: string): boolean {
  try {
    return formatterOf(zone) !== undefined
  } catch {
    return false
  }
}

/** Milliseconds that a zone's clock is ahead of UTC. */
const offsetAt = (at: number, zone: string): number =>
  Date.parse(`${formatterOf(zone).format(at).replace(' ', 'T')}Z`) - Math.floor(at / 1000) * 1000

/**
 * The instant of a local time. One that the clock skips is as much later as the clock is put forward (02:30 becomes 03:30);
 * of one that comes twice it is the first.
 */
export function instantOf(date: string, time: string, zone: string): number {
  const wall = Date.parse(`${date}T${time}:00Z`)
  const [before, after] = [wall - offsetAt(wall - DAY_MS, zone), wall - offsetAt(wall + DAY_MS, zone)]
  if (offsetAt(before, zone) === wall - before) return before
  return offsetAt(after, zone) === wall - after ? after : before
}

/** The day so many days after another, both YYYY-MM-DD. */
export const dayAfter = (date: string, days = 1): string =>
  new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10)

/** A local day from its midnight to the next: 23, 24 or 25 hours. */
export const dayOf = (date: string, zone: string): Span => ({
  from: instantOf(date, '00:00', zone),
  to: instantOf(dayAfter(date), '00:00', zone),
})

/** The local days, or with `month` the local months, that a span touches. */
export function calendarPeriods({ from, to }: Span, zone: string, period: 'day' | 'month'): Span[] {
  const found: Span[] = []
  const first = dayIn(zone, new Date(from))
  for (let date = period === 'day' ? first : `${first.slice(0, 7)}-01`; ;) {
    const next = period === 'day' ? dayAfter(date) : `${dayAfter(date, 31).slice(0, 7)}-01`
    const span = { from: instantOf(date, '00:00', zone), to: instantOf(next, '00:00', zone) }
    if (span.from >= to) return found
    if (span.from < span.to && span.to > from) found.push(span)
    date = next
  }
}

export type Pattern = {
  days: readonly Weekday[]
  /** Local times, HH:MM; an end that is not after the start is on the next day. */
  starts: string
  ends: string
  time_zone: string
  valid_from: string
  valid_until: string
}

export type Instance = Span & { local_date: string }

/** The shifts of a pattern. A night in which the clock changes is an hour shorter or longer. */
export function instancesOf({ days, starts, ends, time_zone, valid_from, valid_until }: Pattern): Instance[] {
  const found: Instance[] = []
  for (let date = valid_from; date <= valid_until; date = dayAfter(date)) {
    if (!days.includes(WEEKDAYS[new Date(`${date}T00:00:00Z`).getUTCDay()]!)) continue
    const from = instantOf(date, starts, time_zone)
    const to = instantOf(ends > starts ? date : dayAfter(date), ends, time_zone)
    // A shift that lies wholly in the hour that the clock skips does not take place.
    if (from < to) found.push({ local_date: date, from, to })
  }
  return found
}

/** The first day on which shifts overlap; null where none do. */
export function overlappingDay(instances: readonly Instance[]): string | null {
  const ordered = instances.toSorted((a, b) => a.from - b.from)
  const at = ordered.findIndex((shift, i) => i > 0 && shift.from < ordered[i - 1]!.to)
  return at < 0 ? null : ordered[at]!.local_date
}
