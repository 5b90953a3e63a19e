/** Up to 64 vectors of one content that follow each other from `ord` on, as they lie in the database. */
export type Piece = {
  readonly content: string
  readonly ord: number
  readonly count: number
  /** Rises with what is written. */
  readonly written: number
  readonly scales: Buffer
  readonly coarse: Buffer
}
export type Place = { readonly content: string; readonly ord: number }
/** Where reading goes on: behind the piece with these. */
export type After = Place & { readonly written: number }

/** What PostgreSQL has of a tenant's vectors of one edition; a store that keeps copies reads them here. Reads see the whole tenant. */
export type VectorSource = {
  /** `written` rises with what comes, `removed` when something goes; `vectors`: how many there are. */
  readonly mark: { readonly written: number; readonly removed: number; readonly vectors: number }
  /** Pieces in the order of their writing. */
  readonly pieces: (after: After | null, limit: number) => Promise<readonly Piece[]>
  /** Cosines of these, to the fourth digit; of what is gone meanwhile there is none. */
  readonly exact: (places: readonly Place[]) => Promise<readonly Nearest[]>
}

export type Asked = {
  readonly tenantId: string
  readonly edition: string
  /** Of length 1. */
  readonly vector: Float32Array
  /** Only these are looked at, before anything is ranked: what the asking scope may see. */
  readonly contents: readonly string[]
  /** At most so many of one content. */
  readonly each: number
  readonly limit: number
}
/** `similarity` is the cosine, -1..1. */
export type Nearest = Place & { readonly similarity: number }

/**
 * Finds the nearest vectors. PostgreSQL (`passage_vectors`) is the truth for each store; what a store has besides is a copy that can be thrown away.
 * One conformance suite holds for all (vector-stores.test.ts).
 */
export type VectorStore = {
  /** Best first; equals by content and place. */
  readonly nearest: (asked: Asked, source: VectorSource) => Promise<readonly Nearest[]>
  readonly close: () => Promise<void>
}

/** Best first, the same order for the same set. */
export const byNearness = (a: Nearest, b: Nearest): number =>
  b.similarity - a.similarity || (a.content === b.content ? a.ord - b.ord : a.content < b.content ? -1 : 1)
