import { sql } from 'kysely'
import type { Document } from '../schemas.ts'
import type { DocumentWork } from '../tables.ts'
import { libraryRefusals } from './refusals.ts'

/** What a download needs to know. */
export type Download = {
  readonly sha256: string
  readonly size: number
  readonly type: string
  /** Of the document; of a version, its file's. */
  readonly name: string
}
type Row = Download & { status: Document['status']; deleted_at: string | null; gone: boolean }

const NOT_SERVED = {
  scanning: ['documents.scanning', { retryAfterS: 5 }],
  quarantined: ['documents.quarantined', {}],
  failed: ['documents.scan_failed', {}],
} as const

/** Which bytes a document (or one of its versions) has, where they may be opened. */
export async function readDocumentContent(
  { db, tenantId }: DocumentWork,
  { id, version }: { id: string; version?: number },
): Promise<Download> {
  const name = version === undefined ? sql`d.name` : sql`v.file_name`
  const { rows } = await sql<Row & { version: number | null }>`
    select d.deleted_at, v.version, v.sha256, v.size, v.type, ${name} as name, d.purged_at is not null or f.purged_at is not null as gone,
           case f.scan when 'waiting' then 'scanning' when 'infected' then 'quarantined' when 'failed' then 'failed' else 'available' end as status
      from documents d
      left join document_versions v on v.tenant_id = d.tenant_id and v.document_id = d.id and v.version = ${version ?? sql`d.version`}
      left join files f on f.tenant_id = v.tenant_id and f.sha256 = v.sha256
     where d.tenant_id = ${tenantId} and d.id = ${id}`.execute(db)
  const [row] = rows
  if (row === undefined || (row.deleted_at !== null && !row.gone)) throw libraryRefusals.refuse('documents.not_found')
  if (row.version === null) throw libraryRefusals.refuse('documents.no_such_version')
  if (row.gone) throw libraryRefusals.refuse('documents.purged')
  if (row.status !== 'available') {
    const [code, more] = NOT_SERVED[row.status]
    throw libraryRefusals.refuse(code, more)
  }
  return row
}
