import { LRUCache } from 'lru-cache'
import type { Database, EdgeWork } from '#platform/database/work.ts'
import type { Embedder, EmbeddingEdition } from '#platform/model/embeddings.ts'
import type { VectorStore } from '#platform/vectors/vector-store.ts'
import type { Log } from '#platform/telemetry/log.ts'
import { findKept, findPassages, findSearched, findShown } from './find-passages.ts'
import { fuse, type Hit } from './fusion.ts'
import { isEmpty, meaningOf, readQuery } from './query.ts'
import { vectorSource } from './read-vectors.ts'
import { searchRefusals } from './refusals.ts'
import type { SearchAnswer, SearchQuery } from './schemas.ts'
import { editionName } from './vector-edition.ts'

/** Each a Work of the asking user, in one round trip. */
export type Read = <T>(use: (work: EdgeWork) => Promise<T>) => Promise<T>
export type Meanings = { readonly embedder: Embedder; readonly store: VectorStore; readonly vectorOf: VectorOf }
type VectorOf = (text: string, edition: EmbeddingEdition, signal: AbortSignal) => Promise<Float32Array>
export type SearchParts = {
  readonly database: Database
  readonly meanings: Meanings | null
  readonly log: Log
}

/** How far down each list is fused. What is deeper in both is beyond what anybody reads. */
const DEPTH = 50
const REMEMBERED = 500

/** Asks the model once for what is asked again: a next page, another filter, a list that is refreshed. */
export function rememberVectors(embedder: Embedder): VectorOf {
  const known = new LRUCache<string, Float32Array>({ max: REMEMBERED })
  return async (text, edition, signal) => {
    const key = `${editionName(edition)} ${text}`
    const before = known.get(key)
    if (before) return before
    const [vector] = await embedder.embed([text], { edition, signal, patient: false })
    known.set(key, vector)
    return vector!
  }
}

type Alike = { hits: Hit[]; down: boolean }

/** By meaning: the permission is checked with the first read, before the model is asked. Whatever fails of it is told to the log and not to who asks. */
async function findAlike(
  { database, log }: SearchParts,
  { store, vectorOf }: Meanings,
  read: Read,
  asked: SearchQuery,
  signal: AbortSignal,
): Promise<Alike> {
  const searched = await read((work) => findSearched(work, asked))
  if (searched === null) return { hits: [], down: true }
  if (searched.contents.length === 0) return { hits: [], down: false }
  try {
    const query = readQuery(asked.q)
    const vector = await vectorOf(meaningOf(asked.q), searched, signal)
    const { tenantId } = searched
    const near = await store.nearest(
      {
        tenantId,
        edition: searched.edition,
        vector,
        contents: searched.contents,
        each: asked.per_document,
        limit: DEPTH,
      },
      vectorSource(database, tenantId, searched, vector),
    )
    const hits = near.map(({ content, ord }) => ({ sha256: content, ord }))
    return { hits: hits.length === 0 ? [] : await read((work) => findKept(work, hits, query)), down: false }
  } catch (error) {
    signal.throwIfAborted()
    log.warn({ err: error as Error }, 'documents are searched by words alone: the search for meanings failed')
    return { hits: [], down: true }
  }
}

const has = (hits: readonly Hit[], { sha256, ord }: Hit): boolean =>
  hits.some((one) => one.sha256 === sha256 && one.ord === ord)

/**
 * Passages by words, by meaning, or both fused, of what the asking scope may see. Reads and the model take turns: no transaction waits for the model.
 * Refuses `documents.no_embedder` and `documents.embedder_down` where meanings alone are asked for; hybrid does without.
 */
export async function queryDocuments(
  parts: SearchParts,
  read: Read,
  asked: SearchQuery,
  signal: AbortSignal,
): Promise<SearchAnswer> {
  const { meanings } = parts
  const { mode, limit, per_document: each } = asked
  if (mode === 'vector' && meanings === null) throw searchRefusals.refuse('documents.no_embedder')
  const query = readQuery(asked.q)
  const words =
    mode === 'vector' || isEmpty(query)
      ? { hits: [], stems: [] }
      : await read((work) => findPassages(work, query, asked, { each, limit: Math.max(DEPTH, limit) }))
  const alike =
    mode === 'keyword' || meanings === null || isEmpty(query)
      ? null
      : await findAlike(parts, meanings, read, asked, signal)
  if (mode === 'vector' && alike?.down === true) throw searchRefusals.refuse('documents.embedder_down')
  const fused = fuse([words.hits, alike?.hits ?? []], limit, each)
  const marked = { stems: words.stems, words: [...query.words, ...query.phrases.flatMap((one) => one.split(' '))] }
  const shown = await read((work) => findShown(work, fused, asked, marked))
  const scores = new Map(fused.map((one) => [`${one.sha256}:${one.ord}`, one.score]))
  const items = shown.map(({ sha256, ord, ...item }) => ({
    ...item,
    score: scores.get(`${sha256}:${ord}`)!,
    found_by: [
      ...(has(words.hits, { sha256, ord }) ? (['keyword'] as const) : []),
      ...(has(alike?.hits ?? [], { sha256, ord }) ? (['vector'] as const) : []),
    ],
  }))
  const done = mode === 'hybrid' && (alike === null || alike.down) ? 'keyword' : mode
  return { mode: done, degraded: alike?.down ?? false, items }
}
