import { sql } from 'kysely'
import type { Document } from '../schemas.ts'
import type { DocumentWork } from '../tables.ts'
import { libraryRefusals } from './refusals.ts'

const STATUS = `case f.scan when 'waiting' then 'scanning' when 'infected' then 'quarantined' when 'failed' then 'failed' else 'available' end`
const SCAN = `case when f.scan in ('clean', 'infected', 'not_scanned') then f.scan end`
const NAMES = [
  ...[
    'id',
    'name',
    'version',
    'type',
    'media_type',
    'size',
    'sha256',
    'source',
    'category',
    'plant_id',
    'tags',
    'expiry_date',
  ],
  ...['expiry_notice_days', 'retain_until', 'hold_reason', 'held_at', 'held_by', 'deleted_at', 'purged_at', 'revision'],
  ...['created_at', 'updated_at', 'created_by', 'updated_by'],
]
const LINKS = `coalesce((select jsonb_agg(jsonb_build_object('kind', l.kind, 'target_id', l.target_id, 'created_at',
    to_char(l.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) order by l.kind, l.created_at, l.target_id)
  from document_links l where l.tenant_id = d.tenant_id and l.document_id = d.id), '[]')`

const TEXT = `coalesce((select jsonb_build_object('state', t.state, 'pages', t.pages, 'pages_done', t.pages_done)
  from file_texts t where t.tenant_id = d.tenant_id and t.sha256 = d.sha256), '{"state": "waiting", "pages": null, "pages_done": 0}')`

/** What stands in the columns of a content as the wire says it: of `files` called `f`. */
// security-ok: texts of this file alone
export const statusColumns = sql.raw(`${STATUS} as status, ${SCAN} as scan`)
/** An answer's columns, of `documents` called `d` joined with `files` called `f`. */
// security-ok: texts of this file alone
export const documentColumns = sql.raw(
  `${NAMES.map((name) => `d.${name}`).join(', ')}, ${STATUS} as status, ${SCAN} as scan, ${LINKS} as links, ${TEXT} as text`,
)
export const documentTables = sql.raw('documents d join files f on f.tenant_id = d.tenant_id and f.sha256 = d.sha256')

/** A document that is not hidden, in scope; one refusal for all that is not to be seen. */
export async function getDocument({ db, tenantId }: DocumentWork, id: string): Promise<Document> {
  const { rows } = await sql<Document>`
    select ${documentColumns} from ${documentTables}
     where d.tenant_id = ${tenantId} and d.id = ${id} and d.deleted_at is null`.execute(db)
  if (rows[0] === undefined) throw libraryRefusals.refuse('documents.not_found')
  return rows[0]
}

/** The same, held until the transaction ends; with `hidden` also one that is hidden. */
export async function lockDocument(work: DocumentWork, id: string, hidden = false): Promise<Document> {
  const { db, tenantId } = work
  // By itself: whoever had to wait for it would else see the row of today with the file of before, that is none.
  await sql`select from documents where tenant_id = ${tenantId} and id = ${id} for update`.execute(db)
  const { rows } = await sql<Document>`
    select ${documentColumns} from ${documentTables} where d.tenant_id = ${tenantId} and d.id = ${id}`.execute(db)
  const [document] = rows
  if (document === undefined || (document.deleted_at !== null && !hidden)) {
    throw libraryRefusals.refuse('documents.not_found')
  }
  return document
}
