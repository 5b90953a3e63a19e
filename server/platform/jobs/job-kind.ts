import type { Static, TSchema } from 'typebox'
import type { EdgeCustody } from '../database/custody.ts'
import type { EdgeWork } from '../database/work.ts'
import { makeAjv } from '../http/validation.ts'

export type Limits = {
  /** How long one attempt may take. */
  readonly seconds: number
  readonly attempts: number
  /** Wait before the second attempt; it doubles with each, up to `longestWait`, and chance takes up to half of it away. */
  readonly wait: number
  readonly longestWait: number
  /** Jobs of this kind under way at once, over all workers. */
  readonly concurrency: number
  /** Of these, at most so many of one tenant; half of them where nothing is said. */
  readonly perTenant: number
  /** Within a tenant, higher goes first. */
  readonly priority: number
}

/** What may be enqueued: a name for good, the shape of its input, and its limits. */
export type JobKind<Input = unknown> = {
  readonly name: string
  readonly limits: Limits
  /** Why a payload does not fit (any more); null where it does. */
  readonly misfit: (payload: unknown) => string | null
  /** Never there: it carries the type. */
  readonly input?: Input
}

const USUAL = { seconds: 30, attempts: 5, wait: 10, longestWait: 3600, concurrency: 10, priority: 0 }
const NAME = /^[a-z][a-z_]*\.[a-z][a-z_]*$/

const ajv = makeAjv({ coerceTypes: false })

/** Declares a kind of job. `input` holds ids: what a job works on may have changed by the time it runs. */
export function jobKind<Schema extends TSchema>(declared: {
  name: string
  input: Schema
  limits?: Partial<Limits>
}): JobKind<Static<Schema>> {
  if (!NAME.test(declared.name)) throw new Error(`A kind of job is named <part>.<verb>, not ${declared.name}`)
  const limits = { ...USUAL, ...declared.limits }
  const perTenant = declared.limits?.perTenant ?? Math.ceil(limits.concurrency / 2)
  const validate = ajv.compile(declared.input)
  const misfit = (payload: unknown): string | null =>
    validate(payload) ? null : ajv.errorsText(validate.errors, { dataVar: 'input' }).slice(0, 500)
  return { name: declared.name, limits: { ...limits, perTenant }, misfit }
}

/** A job as its handler sees it. */
export type RunningJob = {
  /** The same at every attempt: what makes a repeated call to something outside harmless. */
  readonly id: string
  /** Null for the installation's own. */
  readonly tenantId: string | null
  /** 1 for the first. */
  readonly attempt: number
  readonly enqueuedBy: string | null
  /** Aborted when the time is over, when somebody cancels it, or when the worker goes down. */
  readonly signal: AbortSignal
}

/** `next`: this step is done, and the same job goes on with another input, in a transaction of its own. */
// oxlint-disable-next-line typescript/no-invalid-void-type -- most handlers return nothing
export type Step<Input> = { next: Input } | void

/**
 * How a kind is done. Work or the network, never both:
 * - `run`: the effect in the tenant's own Work. It and the mark «completed» are one transaction: each effect exactly once.
 * - `reach`: something outside is called, with the job's id as what makes it harmless to repeat; marked afterwards. It may
 *   be called again where the process ends between the two.
 * - `administer`: the effect of the installation's own job, in one transaction of custody.
 */
export type Handler<Input> =
  | { readonly run: (work: EdgeWork, input: Input, job: RunningJob) => Promise<Step<Input>> }
  | { readonly reach: (input: Input, job: RunningJob) => Promise<void> }
  | { readonly administer: (custody: EdgeCustody, input: Input, job: RunningJob) => Promise<Step<Input>> }

// Each handler knows its own input; the worker hands it what fits its kind.
// oxlint-disable-next-line typescript/no-explicit-any
export type Job = { readonly kind: JobKind<any>; readonly handler: Handler<any> }

/** A kind with what does it; contexts hand these to the composition root. */
export const job = <Input>(kind: JobKind<Input>, handler: Handler<Input>): Job => ({ kind, handler })

/** By name; two of one name stop the start. */
export function jobsByName(jobs: readonly Job[]): ReadonlyMap<string, Job> {
  const byName = new Map(jobs.map((one) => [one.kind.name, one]))
  const twice = jobs.filter((one) => byName.get(one.kind.name) !== one).map(({ kind }) => kind.name)
  if (twice.length > 0) throw new Error(`Two kinds of job are called ${twice.join(', ')}`)
  return byName
}
