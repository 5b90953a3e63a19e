import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../config.ts'
import { modelRefusals } from './refusals.ts'

/** Which numbers: those of two models, or of one with another number of dimensions, do not compare. */
export type EmbeddingEdition = { readonly model: string; readonly dimensions: number }

/** Texts made into vectors of length 1 by a model behind an OpenAI-compatible API. */
export type Embedder = {
  /** What is configured now. */
  readonly edition: EmbeddingEdition
  /**
   * One vector for each text, in their order. Rejects with `model.unreachable` or `model.busy` (later it may go), `model.refused` (it will not) or
   * `model.wrong_answer`, and with the signal's reason where that was aborted.
   */
  readonly embed: (
    texts: readonly string[],
    how: { edition: EmbeddingEdition; signal: AbortSignal; patient: boolean },
  ) => Promise<Float32Array[]>
}

type Settings = Pick<Config, 'EMBEDDING_BASE_URL' | 'EMBEDDING_MODEL' | 'EMBEDDING_API_KEY' | 'EMBEDDING_DIMENSIONS'>

/** Texts per request: OpenAI takes 2,048, smaller servers far fewer. */
const BATCH = 64
/** Of a person who waits, and of a job. */
const TIME_LIMIT_MS = { impatient: 5_000, patient: 60_000 } as const
const ATTEMPTS = { impatient: 1, patient: 4 } as const
/** No longer is waited for what a server asks: the job comes again. */
const LONGEST_WAIT_S = 30

/** Seconds until the server wants to be asked again; as a number or as a date (RFC 9110, 10.2.3). */
function retryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined
  if (/^\d{1,9}$/.test(header)) return Number(header)
  const at = Date.parse(header)
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - now) / 1000))
}

const wrong = (message: string): Error =>
  modelRefusals.refuse('model.wrong_answer', { details: [{ field: 'data', message }] })

/** Length 1; null where there is no direction or a number is none. */
function normalised(numbers: readonly unknown[]): Float32Array | null {
  const vector = new Float32Array(numbers.length)
  let sum = 0
  for (const [i, one] of numbers.entries()) {
    if (typeof one !== 'number' || !Number.isFinite(one)) return null
    vector[i] = one
    sum += one * one
  }
  const length = Math.sqrt(sum)
  if (!Number.isFinite(length) || length < 1e-12) return null
  return vector.map((one) => one / length)
}

/** The vectors of an answer in the order of what was asked; throws where one is missing, too many, of another size or no vector at all. */
export function vectorsOf(answer: unknown, count: number, dimensions: number): Float32Array[] {
  const data = (answer as { data?: unknown } | null)?.data
  if (!Array.isArray(data) || data.length !== count) throw wrong(`is not ${count} embeddings`)
  const vectors: Float32Array[] = []
  for (const [place, one] of data.entries()) {
    const { index = place, embedding } = (one ?? {}) as { index?: unknown; embedding?: unknown }
    if (typeof index !== 'number' || !(index in data) || vectors[index]) throw wrong('does not say whose each is')
    if (!Array.isArray(embedding) || embedding.length !== dimensions)
      throw wrong(`has other than ${dimensions} dimensions`)
    const vector = normalised(embedding)
    if (vector === null) throw wrong('holds what is no direction')
    vectors[index] = vector
  }
  return vectors
}

/** The client of the configured API; null where none is. */
export function openEmbedder(settings: Settings): Embedder | null {
  const base = settings.EMBEDDING_BASE_URL
  if (base === undefined) return null
  const url = `${base.replace(/\/+$/, '')}/embeddings`
  const key = settings.EMBEDDING_API_KEY
  const once = async (
    texts: readonly string[],
    { model, dimensions }: EmbeddingEdition,
    signal: AbortSignal,
  ): Promise<Float32Array[]> => {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(key !== undefined && { authorization: `Bearer ${key}` }) },
      body: JSON.stringify({ model, input: texts, dimensions, encoding_format: 'float' }),
      // Another address was not configured, and would be given the key.
      redirect: 'error',
      signal,
    })
    if (answer.status === 429 || answer.status >= 500) {
      await answer.body?.cancel()
      const retryAfterS = retryAfter(answer.headers.get('retry-after'), Date.now())
      throw modelRefusals.refuse('model.busy', retryAfterS === undefined ? {} : { retryAfterS })
    }
    if (!answer.ok) {
      await answer.body?.cancel()
      throw modelRefusals.refuse('model.refused', { details: [{ field: 'status', message: String(answer.status) }] })
    }
    const body: unknown = await answer.json().catch((error: unknown) => {
      if (error instanceof SyntaxError) throw wrong('is not JSON')
      throw error
    })
    return vectorsOf(body, texts.length, dimensions)
  }
  return {
    edition: { model: settings.EMBEDDING_MODEL, dimensions: settings.EMBEDDING_DIMENSIONS },
    embed: async (texts, { edition, signal, patient }) => {
      const all: Float32Array[] = []
      for (let from = 0; from < texts.length; from += BATCH) {
        const batch = texts.slice(from, from + BATCH)
        all.push(...(await persistently((limit) => once(batch, edition, limit), signal, patient)))
      }
      return all
    },
  }
}

const isRefusal = (error: unknown, code: string): boolean => (error as { code?: unknown }).code === code

/** Again where the server says later or does not answer, as long as whoever asked has patience. */
async function persistently<T>(
  use: (limit: AbortSignal) => Promise<T>,
  signal: AbortSignal,
  patient: boolean,
): Promise<T> {
  const how = patient ? 'patient' : 'impatient'
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted()
    try {
      return await use(AbortSignal.any([signal, AbortSignal.timeout(TIME_LIMIT_MS[how])]))
    } catch (error) {
      signal.throwIfAborted()
      const known = (error as { code?: unknown }).code
      const refusal =
        typeof known === 'string' && known.startsWith('model.')
          ? (error as Error & { retryAfterS?: number })
          : modelRefusals.refuse('model.unreachable', { cause: error })
      const again = isRefusal(refusal, 'model.busy') || isRefusal(refusal, 'model.unreachable')
      const wait = refusal.retryAfterS ?? 2 ** (attempt - 1) / 2
      if (!again || attempt >= ATTEMPTS[how] || wait > LONGEST_WAIT_S) throw refusal
      await sleep(wait * 1000, undefined, { signal })
    }
  }
}
