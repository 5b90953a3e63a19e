import type { Writable } from 'node:stream'
import type { Chunks } from './rows.ts'

/** The same chunks; where one is not taken within so many milliseconds, the stream that they go to is destroyed. */
export async function* unlessStalled(bytes: Chunks, out: Writable, afterMs: number): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) {
    const clock = setTimeout(() => out.destroy(new Error('The reader took nothing for too long')), afterMs)
    try {
      yield chunk
    } finally {
      clearTimeout(clock)
    }
  }
}
