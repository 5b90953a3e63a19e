/** Too many passwords wait to be hashed; the caller answers that the service is busy. */
export class HashingBusyError extends Error {
  constructor() {
    super('Too many passwords wait to be checked')
    this.name = 'HashingBusyError'
  }
}

/** Runs work when its turn comes, or throws `HashingBusyError` at once. */
export type HashingGate = <T>(work: () => Promise<T>) => Promise<T>

/** A gate that lets so many through at a time, keeps so many waiting in order, and refuses the rest. */
export const hashingGate = (inFlight: number, waiting: number): HashingGate => {
  let running = 0
  const queue: (() => void)[] = []
  const enter = (): Promise<void> => {
    if (running < inFlight) {
      running += 1
      return Promise.resolve()
    }
    if (queue.length >= waiting) return Promise.reject(new HashingBusyError())
    return new Promise((resolve) => queue.push(resolve))
  }
  // The place of one that leaves goes to the next in the queue, so that a newcomer cannot slip in between.
  const leave = (): void => {
    const next = queue.shift()
    if (next) next()
    else running -= 1
  }
  return async (work) => {
    await enter()
    try {
      return await work()
    } finally {
      leave()
    }
  }
}
