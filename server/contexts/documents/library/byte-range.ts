import type { ByteRange } from '#platform/blob/blob-store.ts'

/** What to answer: the whole, a part, or that there is no such part (416). */
export type RangeAnswer = ByteRange | 'whole' | 'unsatisfiable'

/**
 * Reads a Range header (RFC 9110, 14.1.2) of a content of `size` bytes: one range, from behind too. Several at once, another unit, or what is no
 * range at all is as if nothing had been asked: that is always allowed (14.2).
 */
export function readRange(header: string | undefined, size: number): RangeAnswer {
  const match = /^bytes=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header ?? '')
  if (match === null) return 'whole'
  const [, first = '', last = ''] = match
  if (first === '' && last === '') return 'whole'
  if (first === '') {
    const suffix = Number(last)
    if (suffix === 0 || size === 0) return 'unsatisfiable'
    return { start: Math.max(size - suffix, 0), end: size - 1 }
  }
  const [start, end] = [Number(first), last === '' ? size - 1 : Math.min(Number(last), size - 1)]
  // A last byte before the first makes it no range at all.
  if (last !== '' && Number(last) < start) return 'whole'
  return start >= size ? 'unsatisfiable' : { start, end }
}

const tagsOf = (header: string): string[] => header.split(',').map((tag) => tag.trim().replace(/^W\//, ''))

/** If-None-Match (RFC 9110, 13.1.2): whether the client has this content already. */
export const isKnown = (header: string | undefined, etag: string): boolean =>
  header !== undefined && (header.trim() === '*' || tagsOf(header).includes(etag))

/** If-Range (RFC 9110, 13.1.5): a range counts only where the client has the rest of this very content. A date is never ours. */
export const rangeHolds = (header: string | undefined, etag: string): boolean =>
  header === undefined || header.trim() === etag
