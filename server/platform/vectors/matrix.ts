import { coarseQuery } from './quantised.ts'
import { newMemory, type Scan, scanOver } from './dot-products.ts'
import type { Nearest, Piece } from './vector-store.ts'

/** Rows whose vectors follow each other, of one content. */
type Run = { readonly row: number; readonly ord: number; readonly count: number }

/** The first pass over a tenant's vectors: int8 rows in a memory of WebAssembly. Exact about whom it looks at, coarse about how near they are. */
export type Matrix = {
  readonly add: (pieces: readonly Piece[]) => void
  readonly nearest: (vector: Float32Array, contents: Iterable<string>, each: number, limit: number) => Nearest[]
}

const PAGE = 65_536
/** The query lies at 0: 4,096 cells of two bytes at most. What was computed comes behind it, then the rows. */
const OUT = 8_192
const AT_ONCE = 4_096
const ROWS = OUT + AT_ONCE * 4
/** 4 GiB, what 32 bits address. */
const MOST_PAGES = 65_536

/** A place in the list of one content's best, which stays as short as `each`. */
function insert(best: Nearest[], one: Nearest, each: number): void {
  if (best.length === each && best[each - 1]!.similarity >= one.similarity) return
  let at = best.length
  while (at > 0 && best[at - 1]!.similarity < one.similarity) at -= 1
  best.splice(at, 0, one)
  if (best.length > each) best.pop()
}

/** An empty matrix for vectors of so many dimensions. */
export function newMatrix(dimensions: number): Matrix {
  const width = Math.ceil(dimensions / 16) * 16
  const memory = newMemory(Math.ceil(ROWS / PAGE), MOST_PAGES)
  const scan: Scan = scanOver(memory)
  const runs = new Map<string, Run[]>()
  let scales = new Float32Array(1_024)
  let rows = 0

  const reserve = (more: number): void => {
    const missing = ROWS + (rows + more) * width - memory.buffer.byteLength
    // By an eighth at least: each growth may copy all there is.
    if (missing > 0) {
      const asked = Math.max(missing, memory.buffer.byteLength / 8)
      memory.grow(Math.min(Math.ceil(asked / PAGE), MOST_PAGES - memory.buffer.byteLength / PAGE))
    }
    if (rows + more > scales.length) {
      const grown = new Float32Array(Math.max(rows + more, scales.length * 2))
      grown.set(scales)
      scales = grown
    }
  }

  const add = (pieces: readonly Piece[]): void => {
    reserve(pieces.reduce((sum, { count }) => sum + count, 0))
    const cells = new Int8Array(memory.buffer)
    for (const { content, ord, count, scales: given, coarse } of pieces) {
      const signed = new Int8Array(coarse.buffer, coarse.byteOffset, coarse.byteLength)
      const view = new DataView(given.buffer, given.byteOffset, given.byteLength)
      for (let n = 0; n < count; n += 1) {
        cells.set(signed.subarray(n * dimensions, (n + 1) * dimensions), ROWS + (rows + n) * width)
        scales[rows + n] = view.getFloat32(n * 4, true) * 256
      }
      const known = runs.get(content)
      const run = { row: rows, ord, count }
      if (known) known.push(run)
      else runs.set(content, [run])
      rows += count
    }
  }

  const nearest: Matrix['nearest'] = (vector, contents, each, limit) => {
    const { cells, scale } = coarseQuery(vector)
    new Int16Array(memory.buffer, 0, OUT / 2).fill(0).set(cells)
    const out = new Int32Array(memory.buffer, OUT, AT_ONCE)
    const found: Nearest[] = []
    for (const content of contents) {
      const best: Nearest[] = []
      for (const { row, ord, count } of runs.get(content) ?? []) {
        scan(ROWS + row * width, ROWS + (row + count) * width, 0, width, OUT)
        for (let n = 0; n < count; n += 1) {
          insert(best, { content, ord: ord + n, similarity: out[n]! * scales[row + n]! * scale }, each)
        }
      }
      found.push(...best)
    }
    return found.toSorted((a, b) => b.similarity - a.similarity).slice(0, limit)
  }
  return { add, nearest }
}
