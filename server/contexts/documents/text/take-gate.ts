let last: Promise<void> = Promise.resolve()

/**
 * One page at a time is recognised in a process: two at once take twice as long each. Whoever asks first goes first, for one turn of a
 * reading. Resolves with what gives it back; rejects where the signal aborts while one waits.
 */
export async function takeGate(signal: AbortSignal): Promise<() => void> {
  const own = Promise.withResolvers<void>()
  const before = last
  last = before.then(() => own.promise)
  const aborted = Promise.withResolvers<never>()
  const abort = (): void => {
    // Whoever comes behind still waits for whoever is before.
    own.resolve()
    aborted.reject(signal.reason as Error)
  }
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    await Promise.race([before, aborted.promise])
    return own.resolve
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
