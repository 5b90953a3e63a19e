import { Worker } from 'node:worker_threads'
import { vectorRefusals } from './refusals.ts'
import type { Nearest, Piece } from './vector-store.ts'

type Sent = Omit<Piece, 'scales' | 'coarse'> & { scales: Uint8Array; coarse: Uint8Array }
export type MatrixTask =
  | { do: 'add'; key: string; dimensions: number; pieces: readonly Sent[] }
  /** `contents`: their SHA-256 one after the other. */
  | { do: 'search'; key: string; vector: Float32Array; contents: string; each: number; limit: number }
  | { do: 'drop'; key: string }
export type MatrixAnswer = Nearest[]

export type MatrixThread = {
  /** Rejects with `vectors.unavailable` where the thread ends or takes too long. */
  readonly ask: (task: MatrixTask) => Promise<MatrixAnswer>
  /** Rises with each thread: one that ended took its matrices along. */
  readonly generation: () => number
  readonly close: () => Promise<void>
}

const TIME_LIMIT_MS = 10_000

type Waiting = { resolve: (answer: MatrixAnswer) => void; reject: (error: Error) => void; timer: NodeJS.Timeout }

/** A thread that is started with the first task, and anew after one that ended. */
export function openMatrixThread(): MatrixThread {
  const waiting = new Map<number, Waiting>()
  let worker: Worker | undefined
  let [generation, last] = [0, 0]
  const fail = (cause: unknown): void => {
    worker = undefined
    for (const { reject, timer } of waiting.values()) {
      clearTimeout(timer)
      reject(vectorRefusals.refuse('vectors.unavailable', { cause }))
    }
    waiting.clear()
  }
  const start = (): Worker => {
    const started = new Worker(new URL('matrix.worker.ts', import.meta.url), { execArgv: [] })
    generation += 1
    started.on('message', ({ id, answer, error }: { id: number; answer?: MatrixAnswer; error?: string }) => {
      const one = waiting.get(id)
      if (!one) return
      waiting.delete(id)
      clearTimeout(one.timer)
      if (answer) one.resolve(answer)
      else one.reject(vectorRefusals.refuse('vectors.unavailable', { cause: error }))
    })
    const ended = (cause: unknown): void => {
      if (worker === started) fail(cause)
    }
    started.on('error', ended)
    started.on('exit', ended)
    // It holds up nobody's end.
    started.unref()
    return started
  }
  return {
    generation: () => generation,
    ask: (task) => {
      worker ??= start()
      const to = worker
      return new Promise((resolve, reject) => {
        const id = (last += 1)
        const timer = setTimeout(() => {
          fail('too slow')
          void to.terminate()
        }, TIME_LIMIT_MS)
        waiting.set(id, { resolve, reject, timer })
        to.postMessage({ id, task }, [])
      })
    },
    close: async () => {
      const open = worker
      fail('closed')
      await open?.terminate()
    },
  }
}
