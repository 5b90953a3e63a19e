import { vectorRefusals } from './refusals.ts'
import {
  type After,
  type Asked,
  byNearness,
  type Nearest,
  type Piece,
  type VectorSource,
  type VectorStore,
} from './vector-store.ts'

/** How far a copy has come. */
export type CopyMark = { readonly removed: number; readonly after: After | null; readonly written: number }
export type Whose = { readonly tenantId: string; readonly edition: string; readonly dimensions: number }

/** A copy of vectors somewhere else. Everything is harmless to repeat, and to do by two processes at once. */
export type VectorCopy = {
  readonly mark: (whose: Whose) => Promise<CopyMark | null>
  /** The pieces first, then the mark: who is killed in between puts them once more. */
  readonly put: (whose: Whose, pieces: readonly Piece[], mark: CopyMark) => Promise<void>
  readonly clear: (whose: Whose) => Promise<void>
  /** By the copied numbers, which are the coarse ones; only `asked.contents` are looked at. */
  readonly nearest: (asked: Asked) => Promise<readonly Nearest[]>
  readonly close: () => Promise<void>
}

const PIECES_AT_ONCE = 32
/** Longer a request does not wait for a copy; it goes on being made, and the next one finds more of it. */
const PATIENCE_MS = 5_000
/** How many more are asked for, so that one content's many leave room for others'. */
const MARGIN = 50

/** At most `each` of a content, in the order they came in. */
function capped(near: readonly Nearest[], each: number): Nearest[] {
  const taken = new Map<string, number>()
  return near.filter(({ content }) => {
    const before = taken.get(content) ?? 0
    taken.set(content, before + 1)
    return before < each
  })
}

/** Search in a copy that is brought up to date when it is asked; what it finds is compared again with PostgreSQL's own numbers. */
export function openCopiedVectors(copy: VectorCopy): VectorStore {
  const underWay = new Map<string, Promise<void>>()
  const catchUp = async (whose: Whose, { mark, pieces }: VectorSource): Promise<void> => {
    let known = await copy.mark(whose)
    if (known && known.removed !== mark.removed) {
      await copy.clear(whose)
      known = null
    }
    let now: CopyMark = known ?? { removed: mark.removed, after: null, written: 0 }
    while (now.written < mark.written) {
      const read = await pieces(now.after, PIECES_AT_ONCE)
      const done = read.length < PIECES_AT_ONCE
      now = { removed: mark.removed, after: read.at(-1) ?? now.after, written: done ? mark.written : now.written }
      const { after } = now
      const place = after && { written: after.written, content: after.content, ord: after.ord }
      await copy.put(whose, read, { ...now, after: place })
    }
  }
  const upToDate = async (whose: Whose, source: VectorSource): Promise<void> => {
    const key = `${whose.tenantId}:${whose.edition}`
    const turn = (underWay.get(key) ?? Promise.resolve()).catch(() => undefined).then(() => catchUp(whose, source))
    underWay.set(key, turn)
    const over = Promise.withResolvers<never>()
    const timer = setTimeout(() => over.reject(vectorRefusals.refuse('vectors.unavailable')), PATIENCE_MS)
    try {
      await Promise.race([turn, over.promise])
    } finally {
      clearTimeout(timer)
      // Who gave up waiting hears nothing more of it; the next one asks again.
      turn.catch(() => undefined).finally(() => underWay.get(key) === turn && underWay.delete(key))
    }
  }
  return {
    nearest: async (asked, source) => {
      await upToDate({ tenantId: asked.tenantId, edition: asked.edition, dimensions: asked.vector.length }, source)
      if (asked.contents.length === 0) return []
      const near = await copy.nearest({ ...asked, limit: (asked.limit + MARGIN) * 4 })
      const first = capped(near, asked.each).slice(0, 2 * asked.limit + MARGIN)
      return (await source.exact(first)).toSorted(byNearness).slice(0, asked.limit)
    },
    close: () => copy.close(),
  }
}

/** The n-th vector of a piece by its coarse numbers. */
export function coarseVector({ scales, coarse }: Piece, n: number, dimensions: number): number[] {
  const scale = scales.readFloatLE(n * 4) * 256
  return Array.from({ length: dimensions }, (_, i) => coarse.readInt8(n * dimensions + i) * scale)
}
