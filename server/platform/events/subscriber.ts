import type { RawBuilder } from 'kysely'
import type { EdgeWork } from '../database/work.ts'

/** An event as a subscriber gets it. */
export type TakenEvent = {
  /** In the order over all tenants. */
  readonly position: number
  /** In the order of its tenant, without gaps: with the subscriber's name it makes a repeated call outside harmless. */
  readonly sequence: number
  readonly type: string
  readonly subject: string
  readonly plant_id: string | null
  readonly time: string
  readonly data: Readonly<Record<string, unknown>>
}

/**
 * Somebody who follows the events of all tenants, each exactly once: the effect and the step over the event are one
 * transaction. Contexts declare theirs in `reactions.ts`.
 *
 * `handle` works in the database and nowhere else: what calls the network enqueues a job, in this very transaction. It runs
 * in the scope of the event's tenant, as the machine; suspended tenants included, whose jobs wait.
 */
export type Subscriber = {
  /** For good: its place is kept under it. */
  readonly name: string
  readonly types: readonly string[] | 'all'
  /** Where it begins when it first runs: with what happens from then on, or with all of history. */
  readonly from: 'now' | 'beginning'
  /** Nothing more of a subject while an event of it waits to be tried again. */
  readonly strict: boolean
  /** Of which companies alone, as SQL over `p.tenant_id`. The events of others cost it nothing: no scope is opened for them. */
  readonly whose?: RawBuilder<boolean>
  readonly handle: (work: EdgeWork, event: TakenEvent) => Promise<void>
}

const NAME = /^[a-z][a-z_]*(\.[a-z][a-z_]*)*$/

/** Declares a subscriber. */
export function subscriber(declared: Subscriber): Subscriber {
  if (!NAME.test(declared.name)) throw new Error(`A subscriber is named <part>.<what>, not ${declared.name}`)
  return declared
}
