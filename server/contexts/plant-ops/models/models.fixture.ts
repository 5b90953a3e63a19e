/** Readings made for models: noise that is the same in each run, and a pattern that the hours of the day do not show. */
export const STEP_MS = 300_000

/** About normal, of mean 0 and deviation 1; the same numbers for the same seed. */
export function noiseOf(seed: number): () => number {
  let state = seed
  const next = (): number => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return state / 2 ** 32
  }
  return () => Array.from({ length: 12 }, next).reduce((sum, one) => sum + one, -6)
}

/** A machine that is on for 45 minutes and off for 45, by its step. */
export const onAndOff = (step: number): number => (step % 18 < 9 ? 20 : 10)
