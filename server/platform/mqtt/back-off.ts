/** The first wait before a broker is tried again, and how long a connection must last for the waits to begin anew; in milliseconds. */
export const [FIRST_MS, STEADY_MS] = [1_000, 30_000]
const LONGEST_MS = 60_000

/** How long to wait after a try that led to no lasting connection: twice as long as before it. */
export const waitAfter = (beforeMs: number): number => Math.min(beforeMs * 2, LONGEST_MS)

/** Between half of a wait and the whole, by chance (0 to 1): not all come back at once. */
export const spread = (waitMs: number, chance: number): number => waitMs / 2 + (chance * waitMs) / 2
