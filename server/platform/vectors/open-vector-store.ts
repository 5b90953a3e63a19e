import { sql } from 'kysely'
import type { Config } from '../../config.ts'
import type { Installation } from '../database/installation.ts'
import { systemScope } from '../database/system-scope.ts'
import { openCopiedVectors } from './copied-vectors.ts'
import { type InTenant, PGVECTOR_TABLES, pgvectorCopy } from './pgvector-copy.ts'
import { openPostgresVectors } from './postgres-vectors.ts'
import { qdrantCopy } from './qdrant-copy.ts'
import { vectorRefusals } from './refusals.ts'
import type { VectorStore } from './vector-store.ts'

const MEBIBYTE = 1024 * 1024

type Settings = Pick<Config, 'VECTOR_STORE' | 'VECTOR_MEMORY_MB' | 'QDRANT_URL' | 'QDRANT_API_KEY'>

/** Once per process; again after it failed. */
function tablesOnce({ custody }: Installation): () => Promise<void> {
  let making: Promise<void> | undefined
  const make = (): Promise<void> =>
    custody.session(async (client) => {
      const { rows } = await client.query("select from pg_extension where extname = 'vector'")
      if (rows.length === 0) {
        const cause = new Error(
          'VECTOR_STORE=pgvector needs it once from a superuser: create extension vector schema ext',
        )
        throw vectorRefusals.refuse('vectors.unavailable', { cause })
      }
      try {
        await client.query(`begin; set local role officina_owner; ${PGVECTOR_TABLES} commit`)
      } catch (error) {
        await client.query('rollback')
        throw error
      }
    })
  return () =>
    (making ??= make().catch((error: unknown) => {
      making = undefined
      throw error
    }))
}

/** As the machine, in one transaction: the policies know the company. */
const inTenant =
  ({ database }: Installation): InTenant =>
  (tenantId, use) =>
    database.write(systemScope(tenantId, 'documents.search'), (work) =>
      use(async (text, values) => {
        const parts = text.split(/\$(\d+)/)
        // security-ok: a text of pgvector-copy.ts; its values go beside it
        const pieces = parts.map((part, i) => (i % 2 === 0 ? sql.raw(part) : sql`${values[Number(part) - 1]}`))
        return (await sql.join(pieces, sql.raw('')).execute(work.db)).rows
      }),
    )

/** The store that the settings name; `QDRANT_URL` says where Qdrant is. */
export function openVectorStore(settings: Settings, installation: Installation): VectorStore {
  const { VECTOR_STORE, VECTOR_MEMORY_MB, QDRANT_URL, QDRANT_API_KEY } = settings
  if (VECTOR_STORE === 'pgvector')
    return openCopiedVectors(pgvectorCopy(inTenant(installation), tablesOnce(installation)))
  if (VECTOR_STORE === 'qdrant')
    return openCopiedVectors(qdrantCopy({ url: QDRANT_URL ?? 'http://127.0.0.1:6333', key: QDRANT_API_KEY }))
  return openPostgresVectors(VECTOR_MEMORY_MB * MEBIBYTE)
}
