/** What a vector store is given in tests: a source in memory, a PostgreSQL with pgvector and a server that speaks Qdrant's REST, each behind a real socket. */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PGlite } from '@electric-sql/pglite'
import { vector } from '@electric-sql/pglite-pgvector'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'
import pg from 'pg'
import { openCopiedVectors } from './copied-vectors.ts'
import { PGVECTOR_TABLES, pgvectorCopy } from './pgvector-copy.ts'
import { openPostgresVectors } from './postgres-vectors.ts'
import { qdrantCopy } from './qdrant-copy.ts'
import { cosineWith, planesOf, type Planes } from './quantised.ts'
import type { Piece, VectorSource, VectorStore } from './vector-store.ts'

/** A content's name, as long as a SHA-256. */
export const contentNamed = (name: string): string => createHash('sha256').update(name).digest('hex')

type Kept = Piece & Planes
export type Source = {
  write: (content: string, vectors: readonly Float32Array[], ord?: number) => void
  remove: (content: string) => void
  /** As it is now, for this query. */
  of: (query: Float32Array) => VectorSource
  /** How often pieces were read. */
  reads: () => number
}

/** What PostgreSQL would have: pieces in the order of their writing, and the two counters. */
export function newSource(): Source {
  let kept: Kept[] = []
  let [written, removed, reads] = [0, 0, 0]
  return {
    write: (content, vectors, ord = 0) => {
      written += 1
      kept.push({ content, ord, count: vectors.length, written, ...planesOf(vectors) })
    },
    remove: (content) => {
      kept = kept.filter((one) => one.content !== content)
      removed += 1
    },
    reads: () => reads,
    of: (query) => ({
      mark: { written, removed, vectors: kept.reduce((sum, { count }) => sum + count, 0) },
      pieces: (after, limit) => {
        reads += 1
        return Promise.resolve(kept.filter((one) => one.written > (after?.written ?? 0)).slice(0, limit))
      },
      exact: (places) =>
        Promise.resolve(
          places.flatMap(({ content, ord }) => {
            const piece = kept.find((one) => one.content === content && one.ord <= ord && ord < one.ord + one.count)
            return piece ? [{ content, ord, similarity: cosineWith(piece, ord - piece.ord, query) }] : []
          }),
        ),
    }),
  }
}

export type Stand = { store: VectorStore; close: () => Promise<void> }

const postgres = (): Promise<Stand> => {
  const store = openPostgresVectors(64 * 1024 * 1024)
  return Promise.resolve({ store, close: () => store.close() })
}

/** pgvector itself, in PGlite, by the wire protocol; the roles that the tables are granted to, and the policy in force. */
async function pgvector(): Promise<Stand> {
  const db = await PGlite.create({ extensions: { vector } })
  const server = new PGLiteSocketServer({ db, port: 0, host: '127.0.0.1' })
  await server.start()
  const [host, port] = server.getServerConn().split(':')
  const client = new pg.Client({ host: host!, port: Number(port), user: 'postgres', database: 'postgres' })
  await client.connect()
  await client.query(`create schema ext; create extension vector schema ext;
    create role officina_owner; create role officina_app; grant usage on schema ext to officina_app, officina_owner;
    grant create on database postgres to officina_owner`)
  await client.query(`begin; set local role officina_owner; ${PGVECTOR_TABLES} commit`)
  await client.query(`begin; set local role officina_owner; ${PGVECTOR_TABLES} commit`)
  let last: Promise<unknown> = Promise.resolve()
  const copy = pgvectorCopy(
    (tenantId, use) => {
      // One connection: one transaction after the other.
      const turn = last.then(async () => {
        await client.query('begin; set local role officina_app')
        try {
          await client.query("select set_config('app.tenant_id', $1, true)", [tenantId])
          const result = await use(async (text, values) => (await client.query(text, [...values])).rows as unknown[])
          await client.query('commit')
          return result
        } catch (error) {
          await client.query('rollback')
          throw error
        }
      })
      last = turn.catch(() => undefined)
      return turn
    },
    () => Promise.resolve(),
  )
  return {
    store: openCopiedVectors(copy),
    close: async () => {
      await client.end()
      await server.stop()
      await db.close()
    },
  }
}

type Condition = { key: string; match: { value?: string; any?: string[] } }
type Point = { id: string; vector: number[]; payload: Record<string, unknown> }
type Body = {
  vectors?: { size: number; distance: string }
  points?: Point[] | string[]
  ids?: string[]
  filter?: { must: Condition[] }
  query?: number[]
  limit?: number
}

const matches = ({ payload }: Point, filter: Body['filter']): boolean =>
  (filter?.must ?? []).every(({ key, match }) =>
    match.any ? match.any.includes(String(payload[key])) : payload[key] === match.value,
  )
const cosine = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, one, i) => sum + one * b[i]!, 0) / (Math.hypot(...a) * Math.hypot(...b))

type Collection = { size: number; points: Map<string, Point> }

/** The part of Qdrant's REST that is used: collections, indexes, points put, read, deleted and queried with filters; it refuses what Qdrant refuses. */
function answerOf(collections: Map<string, Collection>, method: string, path: string, body: Body): [number, unknown] {
  const [, , name = '', ...rest] = path.split('?')[0]!.split('/')
  const what = `${method} ${rest.join('/')}`
  const here = collections.get(name)
  if (what === 'PUT ') {
    if (here) return [409, { status: { error: `Collection ${name} already exists` } }]
    collections.set(name, { size: body.vectors!.size, points: new Map() })
    return [200, { result: true }]
  }
  if (!here) return [404, { status: { error: `Collection ${name} does not exist` } }]
  if (what === 'PUT index') return [200, { result: { status: 'completed' } }]
  if (what === 'PUT points') {
    const points = body.points as Point[]
    const wrong = points.some(({ id, vector: one }) => one.length !== here.size || !/^[0-9a-f-]{36}$/.test(id))
    if (wrong || points.length === 0) return [400, { status: { error: 'Wrong input' } }]
    for (const point of points) here.points.set(point.id, point)
    return [200, { result: { status: 'completed' } }]
  }
  if (what === 'POST points')
    return [200, { result: body.ids!.flatMap((id) => (here.points.has(id) ? [here.points.get(id)!] : [])) }]
  if (what === 'POST points/delete') {
    const ids = (body.points as string[] | undefined) ?? []
    for (const [id, point] of here.points)
      if (body.filter ? matches(point, body.filter) : ids.includes(id)) here.points.delete(id)
    return [200, { result: { status: 'completed' } }]
  }
  if (what !== 'POST points/query') return [404, {}]
  if (body.query!.length !== here.size) return [400, { status: { error: 'Vector dimension error' } }]
  const points = [...here.points.values()]
    .filter((point) => matches(point, body.filter))
    .map(({ id, payload, vector: one }) => ({ id, version: 1, payload, score: cosine(one, body.query!) }))
    .toSorted((a, b) => b.score - a.score)
    .slice(0, body.limit)
  return [200, { result: { points }, status: 'ok', time: 0 }]
}

const bodyOf = async (request: IncomingMessage): Promise<Body> => {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return JSON.parse(Buffer.concat(pieces).toString()) as Body
}

/** A stand-in: no Qdrant can be had here, so that its own behaviour is not proven. */
async function qdrant(): Promise<Stand> {
  const collections = new Map<string, Collection>()
  const server = createServer((request, answer) => {
    void bodyOf(request).then((body) => {
      const [status, said] =
        request.headers['api-key'] === 'key' ? answerOf(collections, request.method!, request.url!, body) : [403, {}]
      return answer.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(said))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    store: openCopiedVectors(qdrantCopy({ url: `http://127.0.0.1:${port}/`, key: 'key' })),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export const stands: Readonly<Record<string, () => Promise<Stand>>> = { postgres, pgvector, qdrant }
