import type { Readable } from 'node:stream'

/** A file that was spooled to the disk of this process: whole, counted and hashed. */
export type Spooled = { readonly path: string; readonly size: number; readonly sha256: string }

/** `modified`: when it was last put, to the second. */
export type StoredBlob = { readonly key: string; readonly size: number; readonly modified: Date }

/** Bytes `start` to `end`, both included, as in a Range header; `end` is below the size. */
export type ByteRange = { readonly start: number; readonly end: number }

/**
 * Where files lie: a folder, or a bucket of an S3-compatible store; both pass one conformance suite. A key is a path of names in
 * lower case, digits, `-` and `.`, with `/` between them; anything else is a mistake of the program and throws. Each call has a time
 * limit of its own, besides the caller's signal. Refused: `blobs.missing`, `blobs.unavailable` (the store does not answer, answers 5xx,
 * does not let us in, or its disk is full).
 */
export type BlobStore = {
  /**
   * Stores it as a whole or not at all, and durably when this resolves; takes the place of what was there. The spooled file may be gone
   * afterwards. Put also what is there already: that renews `modified`, and so keeps the sweep away until its row is committed.
   */
  readonly put: (key: string, file: Spooled, signal?: AbortSignal) => Promise<void>
  /** Whoever opens reads to the end or destroys. What breaks off in the middle ends in an error, never as if it were whole. */
  readonly open: (key: string, range?: ByteRange, signal?: AbortSignal) => Promise<Readable>
  readonly stat: (key: string, signal?: AbortSignal) => Promise<StoredBlob | null>
  /** Also where there is none. */
  readonly remove: (key: string, signal?: AbortSignal) => Promise<void>
  /** Everything whose key begins with `prefix`, in any order. */
  readonly list: (prefix: string, signal?: AbortSignal) => AsyncIterable<StoredBlob>
  /** Throws where it cannot be used; changes nothing. For health and doctor. */
  readonly check: (signal?: AbortSignal) => Promise<void>
}

/** Where the content of a company's file lies. */
export const contentKey = (tenantId: string, sha256: string): string => `${tenantId}/${sha256.slice(0, 2)}/${sha256}`

/** Where it lies instead, scrambled, while it is taken for infected: never below the company's own keys. */
export const quarantineKey = (tenantId: string, sha256: string): string => `quarantine/${tenantId}/${sha256}`
