import { Refusal, type Kind } from '../refusal.ts'
import type { Limits } from './job-kind.ts'

/** This edge's map of refusals: whether trying again can help. What was thrown otherwise is a bug, or the world: it may. */
const RETRIED: Record<Kind, boolean> = {
  malformed: false,
  unauthenticated: false,
  forbidden: false,
  not_found: false,
  conflict: false,
  stale: true,
  too_large: false,
  unsupported: false,
  unsatisfiable: false,
  invalid: false,
  rate_limited: true,
  unavailable: true,
}

export type Failure = { reason: string; retryInMs: number | null }

/** What an administrator reads; of a bug nothing is shown, and the log has it whole under the job's id. */
export const reasonOf = (error: unknown): string =>
  error instanceof Refusal
    ? [`${error.code}: ${error.message}`, ...(error.details ?? []).map(({ field, message }) => `${field} ${message}`)]
        .join(' ')
        .slice(0, 1000)
    : 'internal: Something broke.'

/** The wait doubles with every attempt; chance (0 to 1) takes up to half of it away, so that not all come back at once. */
export function waitBefore(attempt: number, { wait, longestWait }: Limits, chance: number): number {
  const whole = Math.min(longestWait, wait * 2 ** Math.min(attempt - 1, 30))
  return Math.round(whole * (1 - chance / 2) * 1000)
}

/** After attempt number `attempt` (1 for the first) ended with `error`: again after a while, or never. */
export function failureOf(error: unknown, attempt: number, limits: Limits, chance: number): Failure {
  const reason = reasonOf(error)
  const hopeless = error instanceof Refusal && !RETRIED[error.kind]
  if (hopeless || attempt >= limits.attempts) return { reason, retryInMs: null }
  const asked = error instanceof Refusal ? (error.retryAfterS ?? 0) * 1000 : 0
  return { reason, retryInMs: Math.max(asked, waitBefore(attempt, limits, chance)) }
}
