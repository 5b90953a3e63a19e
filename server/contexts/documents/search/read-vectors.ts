import { sql } from 'kysely'
import type { Database } from '#platform/database/work.ts'
import { systemScope } from '#platform/database/system-scope.ts'
import { cosineWith } from '#platform/vectors/quantised.ts'
import type { After, Nearest, Piece, Place, VectorSource } from '#platform/vectors/vector-store.ts'
import type { EditionInUse } from './find-passages.ts'
import type { SearchWork } from './tables.ts'

const FIRST: After = { written: 0, content: '', ord: 0 }

const readPieces = async (
  { db, tenantId }: SearchWork,
  edition: string,
  after: After | null,
  limit: number,
): Promise<Piece[]> => {
  const { written, content, ord } = after ?? FIRST
  const { rows } = await sql<Piece>`
    select sha256 as content, ord, count, written, scales, coarse from passage_vectors
     where tenant_id = ${tenantId} and edition = ${edition} and (written, sha256, ord) > (${written}, ${content}, ${ord})
     order by written, sha256, ord limit ${limit}`.execute(db)
  return rows
}

type Exact = Place & { scales: Buffer; coarse: Buffer; fine: Buffer }

/** Of each place its own numbers only, which lie uncompressed and are cut out where they lie. */
const readExact = async (
  { db, tenantId }: SearchWork,
  { edition, dimensions }: EditionInUse,
  places: readonly Place[],
): Promise<Exact[]> => {
  const { rows } = await sql<Exact>`
    select h.content, h.ord, substr(v.scales, 4 * (h.ord - v.ord) + 1, 4) as scales,
           substr(v.coarse, ${dimensions} * (h.ord - v.ord) + 1, ${dimensions}) as coarse,
           substr(v.fine, ${dimensions} * (h.ord - v.ord) + 1, ${dimensions}) as fine
      from unnest(${places.map(({ content }) => content)}::text[], ${places.map(({ ord }) => ord)}::integer[]) as h (content, ord)
      join passage_vectors v on v.tenant_id = ${tenantId} and v.edition = ${edition} and v.sha256 = h.content
       and v.ord <= h.ord and v.ord + v.count > h.ord`.execute(db)
  return rows
}

/** A company's vectors, read by the machine for the whole company: copies serve everybody, and what somebody may see is said with each search. */
export const vectorSource = (
  database: Database,
  tenantId: string,
  edition: EditionInUse,
  vector: Float32Array,
): VectorSource => {
  const scope = systemScope(tenantId, 'documents.search')
  return {
    mark: edition,
    pieces: (after, limit) => database.read(scope, (work) => readPieces(work, edition.edition, after, limit)),
    exact: async (places) => {
      if (places.length === 0) return []
      const rows = await database.read(scope, (work) => readExact(work, edition, places))
      return rows.map(({ content, ord, ...planes }): Nearest => ({
        content,
        ord,
        similarity: cosineWith(planes, 0, vector),
      }))
    },
  }
}
