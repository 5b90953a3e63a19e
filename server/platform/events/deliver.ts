import { setTimeout as sleep } from 'node:timers/promises'
import { systemScope } from '../database/system-scope.ts'
import { inTurns } from '../database/turns.ts'
import type { Database } from '../database/work.ts'
import { failureRefusals } from './failure-refusals.ts'
import type { Delivery, Next } from './next-deliveries.ts'
import type { Subscriber } from './subscriber.ts'

/** Which of a batch failed; null: the transaction of all. Nothing of the batch was done. */
export class BatchFailed extends Error {
  readonly at: number | null
  constructor(at: number | null, cause: unknown) {
    super('A batch of events failed', { cause })
    this.name = 'BatchFailed'
    this.at = at
  }
}

/** Somebody else moved the subscriber. */
export class MovedOn extends Error {}

export type Limits = { readonly eventMs: number; readonly batchMs: number }

async function inTime<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const over = new AbortController()
  const clock = sleep(milliseconds, undefined, { signal: over.signal }).then(
    () => {
      throw failureRefusals.refuse('events.time_limit')
    },
    () => undefined as never,
  )
  try {
    return await Promise.race([work, clock])
  } finally {
    over.abort()
  }
}

/**
 * The effects of a batch and the step over it: one transaction. Answers with how many of the batch that were; where it takes long,
 * the rest is left to the next. Throws BatchFailed where one fails, and MovedOn.
 */
export async function deliver(
  database: Database,
  { name, handle }: Subscriber,
  { revision, deliveries, setAside, until }: Next,
  { eventMs, batchMs }: Limits,
): Promise<number> {
  const enough = performance.now() + batchMs
  let at: number | null = null
  try {
    return await inTurns(database, async ({ ask, turn }) => {
      const hold = `select control.hold_subscriber($1, $2) as held, set_config('statement_timeout', $3, true)`
      const { rows } = await ask({ sql: hold, parameters: [name, revision, String(eventMs)] })
      if ((rows as { held: boolean }[])[0]?.held !== true) throw new MovedOn()
      let done = 0
      for (const { tenantId, event, fate } of deliveries) {
        at = done
        const why = `${name} ${event.sequence}`
        if (fate === 'deliver') {
          await turn(systemScope(tenantId, why), (work) => inTime(eventMs, handle(work, event)))
        }
        done += 1
        if (performance.now() > enough) break
      }
      at = null
      const part = deliveries.slice(0, done)
      const held = part.filter(({ fate }) => fate === 'held')
      const others = part.filter(({ fate }) => fate !== 'held')
      const position = setAside || done === deliveries.length ? until : part.at(-1)!.event.position
      await ask({
        sql: 'select control.settle_events($1, $2, $3, $4)',
        parameters: [name, position, others.map(positionOf), held.map(positionOf)],
      })
      return done
    })
  } catch (error) {
    throw error instanceof MovedOn ? error : new BatchFailed(at, error)
  }
}

const positionOf = ({ event }: Delivery): number => event.position
