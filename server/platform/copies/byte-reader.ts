import type { Chunks } from './rows.ts'

export type ByteReader = {
  /** Exactly so many bytes; null where the stream ended before the first of them. Throws `cut` where it ended inside. */
  take: (count: number) => Promise<Buffer | null>
  close: () => Promise<void>
}

/** Reads a stream by exact numbers of bytes; holds the chunks of one `take` only. */
export function byteReader(chunks: Chunks, cut: () => Error): ByteReader {
  const source = chunks[Symbol.asyncIterator]()
  let held: Buffer[] = []
  let size = 0
  const fill = async (count: number): Promise<boolean> => {
    while (size < count) {
      const next = await source.next()
      if (next.done === true) return false
      held.push(next.value)
      size += next.value.length
    }
    return true
  }
  return {
    take: async (count) => {
      if (!(await fill(count))) {
        if (size === 0) return null
        throw cut()
      }
      const all = held.length === 1 ? held[0]! : Buffer.concat(held, size)
      held = size > count ? [all.subarray(count)] : []
      size -= count
      return all.subarray(0, count)
    },
    close: async () => void (await source.return?.()),
  }
}
