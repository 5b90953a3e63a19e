import type { Database, Scope } from '../database/work.ts'
import type { Caller } from '../http/edge.ts'
import { Refusal } from '../refusal.ts'
import type { Log } from '../telemetry/log.ts'
import type { CloudEvent } from './cloud-event.ts'
import type { EventKind } from './event-kind.ts'
import type { Follower, Live, Seat } from './live.ts'
import { readEvents, type EventsRead } from './read-events.ts'
import { eventRefusals } from './refusals.ts'

/** The client's end of it, whatever it speaks. */
export type Outlet = {
  readonly kind: Follower['kind']
  /** The subscription holds from here on. */
  readonly begun: (subscription: Subscription) => void
  /** Resolves when the client's system has taken them: false where it did not, and is gone or was cut off. */
  readonly events: (events: readonly CloudEvent[]) => Promise<boolean>
  readonly heartbeat: () => void
  /** Says why to the client, and ends it: a refusal, or null for a bug of ours. */
  readonly end: (refusal: Refusal | null) => void
}
/** `after` null: from now on. It goes with what was delivered. */
export type Subscription = {
  readonly kinds: readonly EventKind[]
  readonly topics?: readonly string[]
  after: number | null
}

export type Following = {
  /** Replaces the subscription before it. */
  readonly subscribe: (subscription: Subscription) => void
  /** The same client with a newer token. */
  readonly renew: (caller: Caller) => void
  readonly stop: () => void
}
export type FollowDeps = { readonly database: Database; readonly live: Live; readonly log: Log }
export type Visit = { readonly requestId: string; readonly ip: string }

/** How long a database that does not answer is left alone. */
const AGAIN_MS = 1_000

/** What a live client may do, asked anew in the database with each of its reads. */
export const followScope = ({ principal, tenantId, actor }: Caller, visit: Visit): Scope => ({
  open: { kind: 'scope', principal, permission: 'events.read', mode: 'read' },
  tenantId,
  actor,
  ...visit,
})

/** Refused where `after` is no place in the tenant's history, as after a restore from an older backup. */
export function checkAfter(after: number | null, head: number): void {
  if (after === null || after <= head) return
  const details = [{ field: 'after', message: `lies beyond the last event, ${head}` }]
  throw eventRefusals.refuse('events.message_invalid', { details })
}

/**
 * Delivers a client's events in their order, none twice and none left out: each read goes on where the one before ended, and
 * none begins before the client has taken what came before it. So a client that reads slowly costs one batch of memory.
 */
export function follow({ database, live, log }: FollowDeps, who: Caller, visit: Visit, outlet: Outlet): Following {
  let caller = who
  let subscription: Begun | null = null
  let stopped = false
  const stop = (): void => {
    stopped = true
    clearInterval(beat)
    expiry.stop()
    seat.leave()
  }
  const end = (refusal: Refusal | null): void => {
    if (stopped) return
    stop()
    outlet.end(refusal)
  }
  const once = async (): Promise<boolean> => {
    const asked = subscription
    // Also without a subscription: whoever may not follow any more is told so.
    const wanted = { kinds: asked?.kinds ?? [], after: asked?.after ?? null, limit: live.limits.batch }
    const read = await live.inTurn(() => database.read(followScope(caller, visit), (work) => readEvents(work, wanted)))
    if (stopped || asked === null || asked !== subscription) return false
    if (await deliver(asked, read, outlet)) return read.until < read.head
    stop()
    return false
  }
  const turn = async (): Promise<boolean> => {
    try {
      return !stopped && (await once())
    } catch (error) {
      if (error instanceof Refusal && error.kind === 'unavailable') setTimeout(seat.wake, AGAIN_MS).unref()
      else if (error instanceof Refusal) end(error)
      else {
        log.error({ err: error, tenant_id: caller.tenantId }, 'a live client’s events could not be read')
        end(null)
      }
      return false
    }
  }
  const goingDown = (): void => end(eventRefusals.refuse('events.going_down'))
  const seat: Seat = live.join({ kind: outlet.kind, tenantId: caller.tenantId, turn, goingDown })
  const beat = setInterval(() => {
    outlet.heartbeat()
    seat.wake()
  }, live.limits.heartbeatMs)
  const expiry = openExpiry(() => end(eventRefusals.refuse('events.token_expired')))
  expiry.at(caller.until)
  // A token may outlive its session: asked at once, and not with the first heartbeat.
  seat.wake()
  return {
    subscribe: (next) => {
      subscription = { ...next }
      seat.wake()
    },
    renew: (next) => expiry.at((caller = next).until),
    stop,
  }
}

type Begun = Subscription & { begun?: true }

/** False where the client did not take them. */
async function deliver(subscription: Begun, { events, until, head }: EventsRead, outlet: Outlet): Promise<boolean> {
  if (!subscription.begun) {
    checkAfter(subscription.after, head)
    subscription.begun = true
    subscription.after ??= head
    outlet.begun(subscription)
  }
  if (events.length > 0 && !(await outlet.events(events))) return false
  subscription.after = until
  return true
}

/** Rings once at the time that was set last. */
function openExpiry(expired: () => void) {
  let timer: NodeJS.Timeout | undefined
  return {
    at: (until: Date | undefined): void => {
      clearTimeout(timer)
      if (until) timer = setTimeout(expired, Math.max(0, until.getTime() - Date.now()))
    },
    stop: (): void => clearTimeout(timer),
  }
}
