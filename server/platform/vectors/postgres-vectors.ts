import { openMatrixThread } from './matrix-thread.ts'
import { vectorRefusals } from './refusals.ts'
import {
  type After,
  type Asked,
  byNearness,
  type Nearest,
  type VectorSource,
  type VectorStore,
} from './vector-store.ts'

/** What of a tenant's edition lies in the thread. */
type Held = { removed: number; after: After | null; written: number; bytes: number; generation: number }

/** Pieces per read: 256 of 64 vectors of 384 dimensions are 6 MB. */
const PIECES_AT_ONCE = 256
/** Looked at twice: int8 puts the wanted fifty among the first eighty (bench/search.ts measures how many it loses). */
const MARGIN = 30

/**
 * Exact search over PostgreSQL's vectors without an extension: their high bytes are held in a thread, scanned for what may be seen, and who comes near is compared
 * again with all bytes. Copies are brought up to date when they are asked, by the edition's counters, whichever process wrote. The least recently asked go where
 * memory ends.
 */
export function openPostgresVectors(memoryBytes: number): VectorStore {
  const thread = openMatrixThread()
  const held = new Map<string, Held>()
  const turns = new Map<string, Promise<unknown>>()

  const drop = async (key: string): Promise<void> => {
    if (held.delete(key)) await thread.ask({ do: 'drop', key })
  }
  const makeRoom = async (key: string, bytes: number): Promise<void> => {
    if (bytes > memoryBytes) throw vectorRefusals.refuse('vectors.too_many')
    for (const [other] of held) {
      const all = [...held.values()].reduce((sum, one) => sum + one.bytes, bytes - (held.get(key)?.bytes ?? 0))
      if (all <= memoryBytes) return
      if (other !== key) await drop(other)
    }
  }
  const bringUpToDate = async (key: string, dimensions: number, { mark, pieces }: VectorSource): Promise<void> => {
    const known = held.get(key)
    if (known && (known.removed !== mark.removed || known.generation !== thread.generation())) await drop(key)
    const bytes = mark.vectors * (dimensions + 4)
    await makeRoom(key, bytes)
    let now = held.get(key)
    if (!now) {
      await thread.ask({ do: 'add', key, dimensions, pieces: [] })
      now = { removed: mark.removed, after: null, written: 0, bytes, generation: thread.generation() }
    }
    // The least recently asked stands first.
    held.delete(key)
    held.set(key, now)
    while (now.written < mark.written) {
      const read = await pieces(now.after, PIECES_AT_ONCE)
      if (read.length > 0) await thread.ask({ do: 'add', key, dimensions, pieces: read })
      now.after = read.at(-1) ?? now.after
      if (read.length < PIECES_AT_ONCE) now.written = mark.written
    }
    now.bytes = bytes
  }
  /** One after the other for each company: two that load the same at once would load it twice. */
  const inTurn = <T>(key: string, use: () => Promise<T>): Promise<T> => {
    const turn = (turns.get(key) ?? Promise.resolve()).then(use, use)
    const settled: Promise<unknown> = turn
      .catch(() => undefined)
      .then(() => (turns.get(key) === settled ? turns.delete(key) : false))
    turns.set(key, settled)
    return turn
  }
  const look = async (asked: Asked, source: VectorSource): Promise<readonly Nearest[]> => {
    const { tenantId, edition, vector, contents, each, limit } = asked
    const key = `${tenantId}:${edition}`
    const near = await inTurn(key, async () => {
      await bringUpToDate(key, vector.length, source)
      return thread.ask({ do: 'search', key, vector, contents: contents.join(''), each, limit: limit + MARGIN })
    })
    return (await source.exact(near)).toSorted(byNearness).slice(0, limit)
  }
  return { nearest: look, close: () => thread.close() }
}
