import { sql } from 'kysely'
import type { EvidenceWork } from '../tables.ts'
import type { DocumentChoice, Period } from './source.ts'

/** A version of a chosen document, with the state of its content. */
export type ChosenFile = {
  document_id: string
  name: string
  category: string | null
  plant_id: string | null
  tags: string[]
  expiry_date: string | null
  source: string
  version: number
  current: boolean
  file_name: string
  sha256: string
  media_type: string
  size: number
  note: string | null
  created_at: string
  created_by: string | null
  author: string | null
  scan: string
  deleted_at: string | null
  purged_at: string | null
}

export type Asked = { choice: DocumentChoice; versions: 'current' | 'all'; period: Period | null }

/** The documents that are meant; what is in the trash or purged is among them, so that it is named as absent. */
const chosenBy = (tenantId: string, choice: DocumentChoice) => {
  if ('ids' in choice) return sql`d.id = any (${choice.ids}::uuid[])`
  const kinds = choice.linked.map(({ kind }) => kind)
  const targets = choice.linked.map(({ id }) => id)
  return sql`(d.plant_id = ${choice.plant_id ?? null}::uuid or exists (
    select from document_links l join unnest(${kinds}::text[], ${targets}::uuid[]) as t (kind, id) on l.kind = t.kind and l.target_id = t.id
     where l.tenant_id = ${tenantId} and l.document_id = d.id))`
}

/**
 * In force in the period: made before its end, and neither replaced nor taken away before its beginning. «current» is the last of
 * those; without a period, the last there is.
 */
const inForce = ({ versions, period }: Asked) => {
  if (period === null) return versions === 'all' ? sql`true` : sql`v.version = d.version`
  const { from, to } = period
  const until = versions === 'all' ? from : to
  return sql`v.created_at < ${to} and (d.deleted_at is null or d.deleted_at > ${from})
    and (v.replaced_at is null or v.replaced_at ${versions === 'all' ? sql`>` : sql`>=`} ${until})`
}

const chosenFiles = (tenantId: string, asked: Asked) => sql`
  from documents d
  join lateral (select v.*, lead(v.created_at) over (order by v.version) as replaced_at from document_versions v
                 where v.tenant_id = ${tenantId} and v.document_id = d.id) v on true
  join files f on f.tenant_id = ${tenantId} and f.sha256 = v.sha256
 where d.tenant_id = ${tenantId} and ${chosenBy(tenantId, asked.choice)} and ${inForce(asked)}`

/** How much is chosen, and of which plants. */
export async function countFiles({ db, tenantId }: EvidenceWork, asked: Asked) {
  const { rows } = await sql<{ files: number; documents: number; bytes: number; plants: string[] }>`
    select count(*)::int as files, count(distinct d.id)::int as documents, coalesce(sum(v.size), 0)::float8 as bytes,
           coalesce(array_agg(distinct d.plant_id) filter (where d.plant_id is not null), '{}') as plants
    ${chosenFiles(tenantId, asked)}`.execute(db)
  return rows[0]!
}

/** What is chosen, documents in the order of their making, each with its versions. */
export async function readFiles({ db, tenantId }: EvidenceWork, asked: Asked, limit: number): Promise<ChosenFile[]> {
  const { rows } = await sql<ChosenFile>`
    select d.id as document_id, d.name, d.category, d.plant_id, d.tags, d.expiry_date, d.source, v.version, v.version = d.version as current,
           v.file_name, v.sha256, v.media_type, v.size::float8 as size, v.note, v.created_at, v.created_by,
           (select nullif(u.name || ' ' || u.surname, ' ') from control.users u where u.tenant_id = ${tenantId} and u.id = v.created_by) as author,
           f.scan, d.deleted_at, coalesce(f.purged_at, d.purged_at) as purged_at
    ${chosenFiles(tenantId, asked)} order by d.created_at, d.id, v.version limit ${limit}`.execute(db)
  return rows
}
