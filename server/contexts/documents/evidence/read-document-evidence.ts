import { sql } from 'kysely'
import { Type } from 'typebox'
import { Id } from '#platform/http/shapes.ts'
import type { EvidenceWork } from '../tables.ts'
import type { EvidenceSource } from './source.ts'

const schema = Type.Object({
  document_ids: Type.Array(Id, {
    ...{ minItems: 1, maxItems: 10_000, uniqueItems: true },
    examples: [['01890000-0000-7000-8000-000000000000']],
  }),
})

async function namesOf({ db, tenantId }: EvidenceWork, ids: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select name from documents where tenant_id = ${tenantId} and id = any (${ids}::uuid[]) and (deleted_at is null or purged_at is not null)
     order by created_at, id`.execute(db)
  return rows.map(({ name }) => name)
}

/** Evidence of a set of documents: each must be there and in scope, or none is. Of one that was purged it is told that it was. */
export const documentEvidence: EvidenceSource = {
  schema,
  permissions: ['documents.read'],
  collect: async (work, asked) => {
    const ids = [...new Set((asked['document_ids'] as string[]).map((id) => id.toLowerCase()))]
    const names = await namesOf(work, ids)
    if (names.length < ids.length) return null
    const title = names.length === 1 ? names[0]! : `${names[0]!.slice(0, 200)} (+${names.length - 1})`
    const history = { subjects: [], resources: [], plant_id: null, period: null }
    return { title, plant_ids: [], records: {}, documents: { ids }, history }
  },
}
