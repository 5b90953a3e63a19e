import { CronExpressionParser } from 'cron-parser'
import type { JobKind } from './job-kind.ts'

/**
 * What a schedule does about occurrences that nobody was there for (the service was down, the tenant suspended, the job of the
 * one before not done yet): `skip` leaves them out, `one` makes up for all of them once, `all` for each, one after the other.
 */
export type CatchUp = 'skip' | 'one' | 'all'

/** A job that the clock asks for. Declared in code; its state is a row per tenant, or one for the installation. */
export type Schedule<Input = unknown> = {
  readonly name: string
  /** Five fields: minute, hour, day of month, month, day of week. */
  readonly cron: string
  /** An IANA zone, or the tenant's own; `installation` schedules have a zone of their own. */
  readonly zone: string
  readonly per: 'tenant' | 'installation'
  readonly catchUp: CatchUp
  readonly kind: JobKind<Input>
  readonly input: (due: Date) => Input
  /** What the work rests on besides the clock: where it has changed, and for a new tenant, it is done at once. */
  readonly edition?: string
}

export const TENANT_ZONE = 'tenant'

/** Declares a schedule; throws for a cron or zone that is none. */
export function schedule<Input>(declared: Schedule<Input>): Schedule {
  if (declared.cron.trim().split(/\s+/).length !== 5) throw new Error(`${declared.name}: cron has five fields`)
  if (declared.zone === TENANT_ZONE && declared.per !== 'tenant') throw new Error(`${declared.name}: whose zone?`)
  nextDue(declared.cron, declared.zone === TENANT_ZONE ? 'Europe/Rome' : declared.zone, new Date(0))
  return declared
}

const HOUR_MS = 3_600_000
const clocks = new Map<string, Intl.DateTimeFormat>()

function wallClock(zone: string, at: number): string {
  let clock = clocks.get(zone)
  if (clock === undefined) {
    const shown = { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' } as const
    clocks.set(zone, (clock = new Intl.DateTimeFormat('sv-SE', shown)))
  }
  return clock.format(at)
}

/** Whether the clocks of the zone showed the same already: half an hour (Lord Howe), an hour or two (Troll) before. */
const isSecondTime = (zone: string, at: number): boolean =>
  [0.5, 1, 2].some((hours) => wallClock(zone, at - hours * HOUR_MS) === wallClock(zone, at))

/**
 * The occurrences after an instant. Where the clock springs forward, a time that does not exist is due as much later (02:30
 * at 03:30). Where it falls back, a time of day that is twice is due the first time only, and what is due every so many
 * minutes goes on through both hours. The parser is only ever asked forward, as its way back differs from its way there,
 * and never from within the second of two hours, where it would not know of the first.
 */
function* duesAfter(cron: string, zone: string, after: Date): Generator<Date, never> {
  const from = isSecondTime(zone, after.getTime()) ? new Date(after.getTime() - 3 * HOUR_MS) : after
  const parsed = CronExpressionParser.parse(cron, { currentDate: from, tz: zone })
  for (;;) {
    const due = parsed.next().toDate()
    if (due > after) yield due
  }
}

/** The first occurrence after an instant. */
export const nextDue = (cron: string, zone: string, after: Date): Date => duesAfter(cron, zone, after).next().value

/** How far back the latest occurrence is looked for: nearest first, so that few are counted, however long the pause was. */
const LOOKED_BACK_MS = [1, 24, 32 * 24, 366 * 24, 8 * 366 * 24].map((hours) => hours * HOUR_MS)

/** The last occurrence of those after `last` and up to `now`, of which there is one at least. */
function latestDue(cron: string, zone: string, last: Date, now: Date): Date {
  for (const back of LOOKED_BACK_MS) {
    let latest: Date | undefined
    for (const due of duesAfter(cron, zone, new Date(Math.max(last.getTime(), now.getTime() - back)))) {
      if (due > now) break
      latest = due
    }
    if (latest) return latest
  }
  return nextDue(cron, zone, last)
}

/** Later than this an occurrence was missed. */
export const MISSED_AFTER_MS = 5 * 60_000
/** Whoever waits for a job that is under way looks again after it. */
const LOOK_AGAIN_MS = 5_000

export type Decision = {
  /** The occurrence to make a job for. */
  due: Date | null
  /** Everything up to it is dealt with. */
  last: Date
  lookAt: Date
}

/**
 * What a schedule does now. `last` only ever moves forward, so that a clock that jumps back makes nothing due again, and
 * one that jumps ahead leaves nothing out. `underWay`: the job of an earlier occurrence is not done, and never are there two.
 */
export function decide(
  { cron, catchUp }: Pick<Schedule, 'cron' | 'catchUp'>,
  zone: string,
  state: { last: Date; now: Date; underWay: boolean },
): Decision {
  const { last, now, underWay } = state
  const first = nextDue(cron, zone, last)
  if (first > now) return { due: null, last, lookAt: first }
  if (underWay && catchUp !== 'skip') return { due: null, last, lookAt: new Date(now.getTime() + LOOK_AGAIN_MS) }
  if (catchUp === 'all') return { due: first, last: first, lookAt: nextDue(cron, zone, first) }
  const latest = latestDue(cron, zone, last, now)
  const missed = underWay || now.getTime() - latest.getTime() > MISSED_AFTER_MS
  return { due: catchUp === 'skip' && missed ? null : latest, last: latest, lookAt: nextDue(cron, zone, latest) }
}
