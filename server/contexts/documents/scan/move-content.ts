import { pipeline, type Readable } from 'node:stream'
import { type BlobStore, type ByteRange, contentKey, quarantineKey } from '#platform/blob/blob-store.ts'
import { type Spool, spool } from '#platform/blob/spool.ts'
import { Refusal } from '#platform/refusal.ts'
import { QUARANTINE_HEAD, scrambler } from './quarantine.ts'
import { scanRefusals } from './refusals.ts'

export type Shelf = { readonly blobs: BlobStore; readonly folder: string; readonly signal: AbortSignal }
export type ContentOf = { readonly tenantId: string; readonly sha256: string }
/** Where the bytes were found. */
export type Place = 'shelf' | 'quarantine'

const unlessMissing = (error: unknown): null => {
  if (error instanceof Refusal && error.code === 'blobs.missing') return null
  throw error
}

/**
 * The bytes under a key; null where there are none. Between the opening and the first read nobody listens, and a signal that aborts just
 * then would end the process: whoever reads on hears of it all the same.
 */
async function openBlob({ blobs, signal }: Shelf, key: string, range?: ByteRange): Promise<Readable | null> {
  const source = await blobs.open(key, range, signal).catch(unlessMissing)
  return source && source.on('error', () => undefined)
}

async function openQuarantined(shelf: Shelf, { tenantId, sha256 }: ContentOf): Promise<Readable | null> {
  const key = quarantineKey(tenantId, sha256)
  const found = await shelf.blobs.stat(key, shelf.signal)
  if (found === null) return null
  const start = QUARANTINE_HEAD.length
  if (found.size <= start) throw scanRefusals.refuse('scans.damaged')
  const kept = await openBlob(shelf, key, { start, end: found.size - 1 })
  // What breaks is seen by whoever reads.
  return kept && pipeline(kept, scrambler(sha256), () => undefined).on('error', () => undefined)
}

/** The bytes of a content, where they are served from or, unscrambled on the way, in quarantine; null where they are in neither place. */
export async function openContent(
  shelf: Shelf,
  content: ContentOf,
): Promise<{ source: Readable; place: Place } | null> {
  const { tenantId, sha256 } = content
  const plain = await openBlob(shelf, contentKey(tenantId, sha256))
  if (plain !== null) return { source: plain, place: 'shelf' }
  const kept = await openQuarantined(shelf, content)
  return kept && { source: kept, place: 'quarantine' }
}

async function* scrambled(source: Readable, sha256: string): AsyncIterable<Buffer> {
  yield QUARANTINE_HEAD
  const cipher = scrambler(sha256)
  for await (const chunk of source) yield cipher.update(chunk as Buffer)
}

/**
 * Infected bytes go into quarantine and away from where they are served; does nothing where they are away already. The scrambled copy is
 * safe before the plain one goes, and where it ends between the two, the next time makes both again.
 */
export async function putAway(shelf: Shelf, { tenantId, sha256 }: ContentOf): Promise<void> {
  const { blobs, folder, signal } = shelf
  const from = contentKey(tenantId, sha256)
  const plain = await openBlob(shelf, from)
  if (plain === null) return
  try {
    await store(shelf, quarantineKey(tenantId, sha256), await spool(scrambled(plain, sha256), folder, { signal }))
  } finally {
    plain.destroy()
  }
  await blobs.remove(from, signal)
}

async function store({ blobs, signal }: Shelf, key: string, file: Spool): Promise<void> {
  try {
    await blobs.put(key, file, signal)
  } finally {
    await file.remove()
  }
}

/** What was found to be clean comes back to where it is served from, before anybody is told so; its scrambled copy is removed afterwards. */
export async function putBack(shelf: Shelf, content: ContentOf): Promise<void> {
  const { folder, signal } = shelf
  const { tenantId, sha256 } = content
  const kept = await openQuarantined(shelf, content)
  if (kept === null) return
  const plain = await spool(kept, folder, { signal }).finally(() => kept.destroy())
  if (plain.sha256 === sha256) return store(shelf, contentKey(tenantId, sha256), plain)
  await plain.remove()
  throw scanRefusals.refuse('scans.damaged')
}

/** Nothing is left in quarantine. */
export const discardQuarantined = ({ blobs, signal }: Shelf, { tenantId, sha256 }: ContentOf): Promise<void> =>
  blobs.remove(quarantineKey(tenantId, sha256), signal)
