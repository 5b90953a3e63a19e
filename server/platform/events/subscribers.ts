import type { CustodyDoor } from '../database/custody.ts'
import type { Database } from '../database/work.ts'
import { reasonOf } from '../jobs/job-failure.ts'
import { Refusal } from '../refusal.ts'
import type { Log } from '../telemetry/log.ts'
import { BatchFailed, deliver, MovedOn, type Limits } from './deliver.ts'
import type { Hearing } from './hear.ts'
import { nextDeliveries, placeSubscribers, setAside, stepOver, type Delivery, type Next } from './next-deliveries.ts'
import type { Subscriber } from './subscriber.ts'

export type Patience = Limits & {
  /** How often an event is tried before a person has to look at it. */
  readonly attempts: number
  /** Before the second attempt; five times as long before each further one. */
  readonly waitMs: number
  readonly longestWaitMs: number
  /** So many different events may fail one after the other until the subscriber slows down. */
  readonly failuresInARow: number
}

/** An event's whole work is statements of a database that gives up a transaction that idles for ten seconds. */
export const PATIENCE: Patience = {
  ...{ eventMs: 8_000, batchMs: 1_000, attempts: 6, waitMs: 1_000, longestWaitMs: 600_000, failuresInARow: 5 },
}

/** Commits that come together are looked at together. */
const COALESCE_MS = 10
/** After an error that was nobody's: the database is away, or a tenant moves. */
const AGAIN_MS = 250
const LONGEST_PAUSE_MS = 30_000

export type Subscribers = { readonly stop: () => Promise<void> }
export type SubscriberDeps = { database: Database; custody: CustodyDoor; hearing: Hearing; log: Log }

/**
 * Every process runs all; the database lets one at a time take a subscriber's next events. An event that fails is set aside and
 * tried again by itself, so that one tenant's does not hold up the others'; too often, and it waits for a person.
 */
export async function startSubscribers(
  deps: SubscriberDeps,
  subscribers: readonly Subscriber[],
  patience: Patience = PATIENCE,
): Promise<Subscribers> {
  const names = subscribers.map(({ name }) => name)
  if (new Set(names).size < names.length) throw new Error(`Two subscribers have one name: ${names.join(', ')}`)
  await placeSubscribers(deps.custody, subscribers)
  const following = subscribers.map((one) => follow(deps, one, patience))
  return { stop: async () => void (await Promise.all(following.map((one) => one.stop()))) }
}

function follow(deps: SubscriberDeps, subscriber: Subscriber, patience: Patience): Subscribers {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let [wanted, stopped] = [false, false]
  let pausedUntil = 0
  const take = takerOf(deps, subscriber, patience)
  const round = async (): Promise<void> => {
    const wait = await take().catch((error: unknown) => {
      if (!stopped) deps.log.warn({ err: error, subscriber: subscriber.name }, 'events were not taken; trying again')
      return AGAIN_MS
    })
    running = undefined
    pausedUntil = performance.now() + (wait ?? 0)
    if (!stopped && (wait !== null || wanted)) timer = setTimeout(run, wait ?? COALESCE_MS)
  }
  const run = (): void => {
    wanted = false
    timer = undefined
    running = round()
  }
  const wake = (): void => {
    wanted = true
    if (running || timer || stopped) return
    timer = setTimeout(run, Math.max(COALESCE_MS, pausedUntil - performance.now()))
  }
  const forget = deps.hearing.listen(wake)
  wake()
  return {
    stop: async () => {
      stopped = true
      forget()
      clearTimeout(timer)
      await running
    },
  }
}

/** What nobody's handler is to blame for. */
const nobodys = (error: unknown): boolean =>
  error instanceof Refusal && ['database.unavailable', 'tenant.moving', 'tenant.not_found'].includes(error.code)

/** How many of a batch were dealt with, and the milliseconds until there may be more. */
type Took = { done: number; wait: number }

/** Takes what is next once. Answers with the milliseconds until there may be more; null: when something is heard. */
function takerOf({ database, custody, log }: SubscriberDeps, subscriber: Subscriber, patience: Patience) {
  let failures = 0
  const failed = async (next: Next, delivery: Delivery, cause: unknown): Promise<number> => {
    const attempt = delivery.attempts + 1
    const wait = Math.min(patience.longestWaitMs, patience.waitMs * 5 ** (attempt - 1))
    const retryInMs = attempt >= patience.attempts ? null : wait
    const said = { err: cause as Error, subscriber: subscriber.name, position: delivery.event.position, attempt }
    log[retryInMs === null ? 'error' : 'warn'](said, 'an event failed')
    await setAside(custody, subscriber, next, { delivery, reason: reasonOf(cause), retryInMs })
    // All of them fail: it is the subscriber, and the backlog is better kept where it is.
    if (!next.setAside) failures += 1
    const beyond = failures - patience.failuresInARow
    return beyond < 0 ? 0 : Math.min(LONGEST_PAUSE_MS, AGAIN_MS * 2 ** beyond)
  }
  /** What came before the one that failed, without it; then it. */
  const apart = async (next: Next, { at, cause }: BatchFailed): Promise<Took> => {
    if (at === null && (nobodys(cause) || next.deliveries.length > 1)) {
      if (nobodys(cause)) throw cause
      return attempt(partOf(next, 1))
    }
    const nth = at ?? 0
    const before = nth === 0 ? { done: 0, wait: AGAIN_MS } : await attempt(partOf(next, nth))
    if (before.done < nth || nobodys(cause)) return before
    const revision = nth === 0 ? next.revision : next.revision + 1
    return { done: nth, wait: await failed({ ...next, revision }, next.deliveries[nth]!, cause) }
  }
  const attempt = async (next: Next): Promise<Took> => {
    try {
      const done = await deliver(database, subscriber, next, patience)
      if (!next.setAside) failures = 0
      return { done, wait: 0 }
    } catch (error) {
      // Whoever has it goes on; there is something to look at when that is heard.
      if (error instanceof MovedOn) return { done: 0, wait: AGAIN_MS }
      if (error instanceof BatchFailed) return apart(next, error)
      throw error
    }
  }
  return async (): Promise<number | null> => {
    const next = await nextDeliveries(custody, subscriber)
    if (next === null) return AGAIN_MS
    if (next.deliveries.length > 0) return (await attempt(next)).wait
    if (next.until > next.position) await stepOver(custody, subscriber, next)
    return next.until > next.position ? 0 : null
  }
}

const partOf = (next: Next, length: number): Next => {
  const deliveries = next.deliveries.slice(0, length)
  return { ...next, deliveries, until: next.setAside ? next.until : deliveries.at(-1)!.event.position }
}
