import { localSteps, type Span, type Step } from './local-steps.ts'

const DAY_MS = 86_400_000
/** How long a period may be, ms: an answer stays below some 1,500 steps and the readings of two years. */
const LONGEST: Record<Step, number> = {
  '1h': 62 * DAY_MS,
  '1d': 750 * DAY_MS,
  '1mo': 750 * DAY_MS,
  '1y': 750 * DAY_MS,
  all: 750 * DAY_MS,
}
const DAYS_SHOWN = 30

/** The local day that holds an instant. */
function dayAround(at: number, zone: string): Span {
  // Local days are at most 25 hours long, so one of those that touch the 26 hours before holds the instant.
  const day = localSteps(at - 26 * 3_600_000, at + 1, '1d', zone).at(-1)?.from ?? at
  const end = localSteps(day, day + 26 * 3_600_000, '1d', zone)[0]?.to ?? at + DAY_MS
  return { from: day, to: end }
}

const isDay = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text)

/** The local day that a date names: the one that holds its noon, whatever the zone's offset is. */
export function dayNamed(date: string, zone: string): Span {
  const noon = Date.parse(`${date}T12:00:00Z`)
  const span = localSteps(noon - 40 * 3_600_000, noon + 40 * 3_600_000, '1d', zone)
  const named = span.slice(1).find(({ from }) => dateOf(from, zone) === date)
  return named ?? dayAround(noon, zone)
}

const dateOf = (at: number, zone: string): string => new Intl.DateTimeFormat('sv-SE', { timeZone: zone }).format(at)

/**
 * The period asked for, epoch ms, half open. A date means the whole local day, at the end too; a time is taken as it is.
 * Without `from` it is the thirty days up to the end, without `to` it ends with the local day of the last reading, or
 * with today where that is before `from`. Null where it does not begin before it ends, or is too long for the step.
 */
export function performancePeriod(
  asked: { from?: string | undefined; to?: string | undefined; step: Step },
  zone: string,
  last: number | null,
  now: number,
): Span | null {
  const from =
    asked.from === undefined ? null : isDay(asked.from) ? dayNamed(asked.from, zone).from : Date.parse(asked.from)
  const to = asked.to === undefined ? null : isDay(asked.to) ? dayNamed(asked.to, zone).to : Date.parse(asked.to)
  const known = dayAround(last ?? now, zone).to
  const end = to ?? (from !== null && from >= known ? dayAround(now, zone).to : known)
  // From the local midnight: thirty times 24 hours begin an hour off where the clock changed meanwhile.
  const start = from ?? dayAround(end - DAYS_SHOWN * DAY_MS + DAY_MS / 2, zone).from
  return start < end && end - start <= LONGEST[asked.step] ? { from: start, to: end } : null
}
