import { createHash } from 'node:crypto'
import { coarseVector, type CopyMark, type VectorCopy, type Whose } from './copied-vectors.ts'
import { vectorRefusals } from './refusals.ts'

type Settings = { readonly url: string; readonly key: string | undefined }
type Point = { payload: { content: string; ord: number; mark?: CopyMark }; score: number }

const TIME_LIMIT_MS = 20_000
const MARKS = 'officina_marks'

/** Qdrant's ids are UUIDs: of what it is, so that it is put in its place twice and never beside itself. */
function idOf(...parts: readonly (string | number)[]): string {
  const hex = createHash('sha256').update(parts.join('\n')).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** One collection per edition, since one has vectors of one size; companies are told apart by a filter in each request. */
const collectionOf = (edition: string): string =>
  `officina_${createHash('sha256').update(edition).digest('hex').slice(0, 24)}`

const of = ({ tenantId }: Pick<Whose, 'tenantId'>) => ({ key: 'tenant', match: { value: tenantId } })

type Send = (method: 'PUT' | 'POST', path: string, body: unknown, fine?: readonly number[]) => Promise<unknown>

/** One request; answers with its result, and with null where the status is one of the `fine` ones. */
function sender({ url, key }: Settings): Send {
  const base = url.replace(/\/+$/, '')
  return async (method, path, body, fine = []) => {
    const init: RequestInit = {
      method,
      headers: { 'content-type': 'application/json', ...(key !== undefined && { 'api-key': key }) },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(TIME_LIMIT_MS),
    }
    let answer: Response
    try {
      answer = await fetch(`${base}${path}`, init)
    } catch (cause) {
      throw vectorRefusals.refuse('vectors.unavailable', { cause })
    }
    if (answer.ok) return ((await answer.json()) as { result?: unknown }).result
    const text = await answer.text()
    if (fine.includes(answer.status)) return null
    throw vectorRefusals.refuse('vectors.unavailable', { cause: `${answer.status} ${text.slice(0, 300)}` })
  }
}

/** Qdrant by its REST interface. */
export function qdrantCopy(settings: Settings): VectorCopy {
  const send = sender(settings)
  const known = new Set<string>()
  const collection = async (name: string, size: number): Promise<void> => {
    if (known.has(name)) return
    // 409: it is there already.
    await send('PUT', `/collections/${name}`, { vectors: { size, distance: 'Cosine' } }, [409])
    await send('PUT', `/collections/${name}/index?wait=true`, {
      field_name: 'tenant',
      field_schema: { type: 'keyword', is_tenant: true },
    })
    await send('PUT', `/collections/${name}/index?wait=true`, { field_name: 'content', field_schema: 'keyword' })
    known.add(name)
  }
  return {
    mark: async ({ tenantId, edition, dimensions }) => {
      await collection(MARKS, 1)
      await collection(collectionOf(edition), dimensions)
      const ask = { ids: [idOf(tenantId, edition)], with_payload: true }
      const points = (await send('POST', `/collections/${MARKS}/points`, ask)) as Point[]
      return points[0]?.payload.mark ?? null
    },
    put: async ({ tenantId, edition, dimensions }, pieces, mark) => {
      const points = pieces.flatMap((piece) =>
        Array.from({ length: piece.count }, (_, n) => ({
          id: idOf(tenantId, edition, piece.content, piece.ord + n),
          vector: coarseVector(piece, n, dimensions),
          payload: { tenant: tenantId, content: piece.content, ord: piece.ord + n },
        })),
      )
      const path = `/collections/${collectionOf(edition)}/points?wait=true`
      if (points.length > 0) await send('PUT', path, { points })
      const one = { id: idOf(tenantId, edition), vector: [1], payload: { tenant: tenantId, mark } }
      await send('PUT', `/collections/${MARKS}/points?wait=true`, { points: [one] })
    },
    clear: async (whose) => {
      await send('POST', `/collections/${MARKS}/points/delete?wait=true`, {
        points: [idOf(whose.tenantId, whose.edition)],
      })
      const filter = { must: [of(whose)] }
      await send('POST', `/collections/${collectionOf(whose.edition)}/points/delete?wait=true`, { filter })
    },
    nearest: async ({ tenantId, edition, vector, contents, limit }) => {
      const filter = { must: [of({ tenantId }), { key: 'content', match: { any: contents } }] }
      const asked = { query: [...vector], filter, limit, with_payload: true, params: { exact: true } }
      const found = await send('POST', `/collections/${collectionOf(edition)}/points/query`, asked)
      return (found as { points: Point[] }).points.map(({ payload, score }) => ({
        content: payload.content,
        ord: payload.ord,
        similarity: score,
      }))
    },
    close: () => Promise.resolve(),
  }
}
