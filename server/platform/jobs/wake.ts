const sleepers = new Set<() => void>()

/** Called when there may be something to do. Returns what ends it. */
export function onWake(wake: () => void): () => void {
  sleepers.add(wake)
  return () => void sleepers.delete(wake)
}

/** A hint within this process, so that what was just committed need not wait for the next look; never relied upon. */
export const wakeWorkers = (): void => {
  for (const wake of sleepers) wake()
}
