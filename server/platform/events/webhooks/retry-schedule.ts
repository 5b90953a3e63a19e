/** The waits of Standard Webhooks' own example, in seconds: before the second attempt, the third … the tenth and last. */
const WAITS = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]

/** How often one event is tried. */
export const ATTEMPTS = WAITS.length + 1
/** Whoever failed as often in a row is asked by one delivery at a time, with pauses. */
export const PATIENCE = 3
const LONGEST_REST_S = 300
/** A receiver may ask for at most so much. */
const LONGEST_ASKED_S = 86_400
/** Nothing succeeded for so long, over as many attempts as one event has: nobody is there. */
const DEAD_AFTER_MS = 72 * 3_600_000

/** After attempt number `attempt` failed: the seconds to the next, or null. Chance (0 to 1) adds up to a tenth. */
export function waitAfter(attempt: number, askedS: number, chance: number): number | null {
  const wait = WAITS[attempt - 1]
  return wait === undefined ? null : Math.max(wait * (1 + chance / 10), askedS)
}

/** How long a receiver that failed so often in a row is left alone: what it asked for, and more with each failure. */
export const restAfter = (failures: number, askedS: number): number =>
  Math.max(askedS, failures < PATIENCE ? 0 : Math.min(LONGEST_REST_S, 5 * 2 ** Math.min(failures - PATIENCE, 10)))

/** Whether a receiver is given up: for days nothing succeeded, over as many attempts as one event has. */
export const isDead = (failures: number, failingSince: Date, now: Date): boolean =>
  failures >= ATTEMPTS && now.getTime() - failingSince.getTime() >= DEAD_AFTER_MS

/** What a 429 or 503 asks for in seconds, at least 1 and at most a day; 0 where nothing is asked, or nothing that is understood. */
export function askedFor(status: number, retryAfter: string | undefined, now: Date): number {
  if ((status !== 429 && status !== 503) || retryAfter === undefined) return 0
  const text = retryAfter.trim()
  const at = /^\d{1,9}$/.test(text) ? Number(text) : (Date.parse(text) - now.getTime()) / 1000
  return Number.isNaN(at) ? 0 : Math.min(LONGEST_ASKED_S, Math.max(1, at))
}
