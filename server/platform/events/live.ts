import { sql } from 'kysely'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { CustodyDoor } from '../database/custody.ts'
import type { Log } from '../telemetry/log.ts'
import type { Hearing } from './hear.ts'
import { eventRefusals } from './refusals.ts'

/** What bounds live clients; a test has its own. */
export type LiveLimits = {
  /** Connections of one tenant, and of the process. */
  readonly ofTenant: number
  readonly ofProcess: number
  /** Connections on which nobody signed in yet. */
  readonly strangers: number
  /** Reads for live clients at once: the pool serves requests too. */
  readonly reads: number
  /** Of one client, while events keep coming, a read starts this long after the one before. */
  readonly coalesceMs: number
  readonly batch: number
  /** How long what was sent may wait until the client's system takes it. */
  readonly stallMs: number
  readonly heartbeatMs: number
  readonly authMs: number
  /** Messages and pings from one client within `messagesMs`. */
  readonly messages: number
  readonly messagesMs: number
}

// 25 s: below the 30 s to 60 s after which proxies and NAT drop what is silent.
export const LIVE_LIMITS: LiveLimits = {
  ...{ ofTenant: 200, ofProcess: 2_000, strangers: 200, reads: 4, coalesceMs: 20, batch: 100 },
  ...{ stallMs: 10_000, heartbeatMs: 25_000, authMs: 5_000, messages: 30, messagesMs: 10_000 },
}

/** A live client as the process sees it. */
export type Follower = {
  readonly kind: 'websocket' | 'stream'
  readonly tenantId: string
  /** Reads and delivers once; true: there is more. Does not throw. */
  readonly turn: () => Promise<boolean>
  readonly goingDown: () => void
}
export type Seat = {
  /** There may be something to read. */
  readonly wake: () => void
  readonly leave: () => void
}

export type Live = {
  readonly limits: LiveLimits
  /** A connection on which nobody signed in yet. Returns what ends that. Refused with `events.too_many_followers`. */
  readonly greet: (goingDown: () => void) => () => void
  /** Refused with `events.too_many_followers`. */
  readonly join: (follower: Follower) => Seat
  /** Runs a read when it is its turn. */
  readonly inTurn: <T>(read: () => Promise<T>) => Promise<T>
  readonly cut: () => void
  readonly measure: (registry: Registry) => void
  readonly close: () => void
}

type Taken = Seat & { readonly follower: Follower }

/** The live clients of this process: who is woken when, and how many there may be. */
export function openLive(custody: CustodyDoor, hearing: Hearing, log: Log, limits: LiveLimits = LIVE_LIMITS): Live {
  const byTenant = new Map<string, Set<Taken>>()
  const strangers = new Set<() => void>()
  let taken = 0
  let cuts = 0
  let closing = false
  let stopListening: (() => void) | undefined
  const wakeAll = (seats: Iterable<Taken>): void => {
    for (const seat of seats) seat.wake()
  }
  const pulse = pulseOf(custody, log, (tenants) => {
    if (tenants === null) for (const seats of byTenant.values()) wakeAll(seats)
    else for (const tenant of tenants) wakeAll(byTenant.get(tenant) ?? [])
  })
  const leave = (seat: Taken): void => {
    const seats = byTenant.get(seat.follower.tenantId)
    if (seats?.delete(seat) !== true) return
    taken -= 1
    if (seats.size === 0) byTenant.delete(seat.follower.tenantId)
    if (taken > 0) return
    stopListening?.()
    stopListening = undefined
    pulse.forget()
  }
  const admit = (full: boolean): void => {
    if (closing) throw eventRefusals.refuse('events.going_down', { retryAfterS: 2 })
    if (full) throw eventRefusals.refuse('events.too_many_followers', { retryAfterS: 30 })
  }
  return {
    limits,
    greet: (goingDown) => {
      admit(strangers.size >= limits.strangers)
      strangers.add(goingDown)
      return () => void strangers.delete(goingDown)
    },
    join: (follower) => {
      const seats = byTenant.get(follower.tenantId) ?? new Set()
      admit(taken >= limits.ofProcess || seats.size >= limits.ofTenant)
      const turns = turnsOf(follower.turn, limits.coalesceMs)
      const seat: Taken = { follower, wake: turns.wake, leave: () => (turns.stop(), leave(seat)) }
      byTenant.set(follower.tenantId, seats.add(seat))
      taken += 1
      stopListening ??= hearing.listen(pulse.wake)
      return seat
    },
    inTurn: openTurnstile(limits.reads),
    cut: () => void (cuts += 1),
    measure: (registry) => measureLive(registry, byTenant, () => cuts),
    close: () => {
      closing = true
      for (const goingDown of strangers) goingDown()
      for (const seats of [...byTenant.values()]) for (const { follower } of [...seats]) follower.goingDown()
    },
  }
}

/** One turn at a time, with a pause between two where events keep coming. */
function turnsOf(turn: () => Promise<boolean>, coalesceMs: number): { wake: () => void; stop: () => void } {
  let [wanted, busy, stopped] = [false, false, false]
  let last = -Infinity
  let timer: NodeJS.Timeout | undefined
  const run = async (): Promise<void> => {
    timer = undefined
    busy = true
    wanted = false
    last = performance.now()
    const more = await turn()
    busy = false
    if (more) start(0)
    else if (wanted) start(last + coalesceMs - performance.now())
  }
  const start = (wait: number): void => {
    if (!stopped && !timer) timer = setTimeout(() => void run(), Math.max(0, wait))
  }
  return {
    wake: () => {
      wanted = true
      if (!busy) start(last + coalesceMs - performance.now())
    },
    stop: () => {
      stopped = true
      clearTimeout(timer)
    },
  }
}

/** So many at once; the others in the order in which they came. */
function openTurnstile(most: number): Live['inTurn'] {
  const waiting: (() => void)[] = []
  let inside = 0
  return async (use) => {
    if (inside >= most) await new Promise<void>((resolve) => waiting.push(resolve))
    else inside += 1
    try {
      return await use()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else inside -= 1
    }
  }
}

/**
 * Asks, once for all clients of the process, whose events got places since it asked last; null: everybody's, maybe. What
 * stands in the trail alone counts too: an ended session or a changed role must act at once.
 */
function pulseOf(custody: CustodyDoor, log: Log, found: (tenants: string[] | null) => void) {
  let seen: number | null = null
  let [wanted, busy, silent] = [false, false, false]
  const ask = async (): Promise<void> => {
    const since = seen
    const rows = await custody.run(async ({ db }) => {
      const query = sql<{ tenant_id: string | null; position: number | null }>`
        select ${since === null ? sql`null` : sql`tenant_id`} as tenant_id, max(position) as position
          from control.event_positions ${since === null ? sql`` : sql`where position > ${since} group by tenant_id`}`
      return (await query.execute(db)).rows
    })
    for (const { position } of rows) seen = Math.max(seen ?? 0, position ?? 0)
    found(since === null ? null : rows.map(({ tenant_id }) => tenant_id!))
  }
  const run = async (): Promise<void> => {
    busy = true
    while (wanted) {
      wanted = false
      try {
        await ask()
        silent = false
      } catch (error) {
        if (!silent) log.warn({ err: error }, 'live clients are not told what happened; trying again')
        silent = true
      }
    }
    busy = false
  }
  return {
    wake: (): void => {
      wanted = true
      if (!busy) void run()
    },
    /** With nobody there nothing is asked; whoever comes next reads for itself. */
    forget: (): void => void (seen = null),
  }
}

function measureLive(registry: Registry, byTenant: ReadonlyMap<string, Set<Taken>>, cuts: () => number): void {
  const connections = new Gauge({
    name: 'live_connections',
    help: 'Clients that follow events now',
    labelNames: ['kind'],
    registers: [],
    collect() {
      const kinds = [...byTenant.values()].flatMap((seats) => [...seats].map(({ follower }) => follower.kind))
      for (const kind of ['websocket', 'stream']) this.set({ kind }, kinds.filter((one) => one === kind).length)
    },
  })
  const cut = new Counter({
    name: 'live_cut_total',
    help: 'Clients that were cut off because they did not take their events',
    registers: [],
    collect() {
      this.reset()
      this.inc(cuts())
    },
  })
  registry.registerMetric(connections)
  registry.registerMetric(cut)
}
