import { sql } from 'kysely'
import { permissionsOf } from '#platform/events/read-events.ts'
import { page, type Page } from '#platform/http/shapes.ts'
import type { EvidenceWork } from '../tables.ts'
import { evidenceRefusals } from './refusals.ts'
import { EvidencePack } from './schemas.ts'

const SIZED = new Set(['size'])
// security-ok: the names of our own schema
const packColumns = sql.raw(
  Object.keys(EvidencePack.properties)
    .map((name) => (SIZED.has(name) ? `e.${name}::float8 as ${name}` : `e.${name}`))
    .join(', '),
)

/** Plants by the policy; here what one may do: a pack is there for those who may see what is in it. */
const visible = (work: EvidenceWork) =>
  sql`e.tenant_id = ${work.tenantId} and e.deleted_at is null and e.permissions <@ coalesce(${permissionsOf(work)}, '{}')`

/** One pack that whoever acts may open. */
export async function getPack(work: EvidenceWork, id: string): Promise<EvidencePack> {
  const { rows } = await sql<EvidencePack>`
    select ${packColumns} from evidence_packs e where ${visible(work)} and e.id = ${id}`.execute(work.db)
  if (rows[0] === undefined) throw evidenceRefusals.refuse('evidence.not_found')
  return rows[0]
}

/** The archive of a pack, where it is built and may be opened: the scanner looks at archives too, later and anew. */
export async function getArchive(
  work: EvidenceWork,
  id: string,
): Promise<{ name: string; sha256: string; size: number }> {
  const { rows } = await sql<{ name: string; sha256: string | null; size: number; scan: string | null }>`
    select e.name, e.sha256, e.size::float8 as size, f.scan
      from evidence_packs e left join files f on f.tenant_id = ${work.tenantId} and f.sha256 = e.sha256
     where ${visible(work)} and e.id = ${id}`.execute(work.db)
  const [pack] = rows
  if (pack === undefined) throw evidenceRefusals.refuse('evidence.not_found')
  const { name, sha256, size, scan } = pack
  if (sha256 === null) throw evidenceRefusals.refuse('evidence.not_ready')
  if (scan !== 'clean' && scan !== 'not_scanned') throw evidenceRefusals.refuse('evidence.quarantined')
  return { name, sha256, size }
}

/** A pack that whoever acts may open, held until the transaction ends. */
export async function lockPack(work: EvidenceWork, id: string): Promise<EvidencePack> {
  const { rows } = await sql<EvidencePack>`
    select ${packColumns} from evidence_packs e where ${visible(work)} and e.id = ${id} for update`.execute(work.db)
  if (rows[0] === undefined) throw evidenceRefusals.refuse('evidence.not_found')
  return rows[0]
}

export type PackFilter = { limit: number; offset: number; status?: string; kind?: string }

/** Packs, newest first. */
export async function listPacks(work: EvidenceWork, filter: PackFilter): Promise<Page<EvidencePack>> {
  const { status, kind, limit, offset } = filter
  const from = sql`from evidence_packs e where ${visible(work)}
    and (${status ?? null}::text is null or e.status = ${status ?? null}) and (${kind ?? null}::text is null or e.kind = ${kind ?? null})`
  const { rows } = await sql<EvidencePack & { total: number }>`
    select counted.total, paged.* from (select count(*)::int as total ${from}) as counted
      left join (select ${packColumns} ${from} order by e.created_at desc, e.id desc limit ${limit} offset ${offset}) as paged on true
     order by created_at desc, id desc`.execute(work.db)
  return page(
    rows.filter((row) => row.id !== null),
    rows[0]?.total ?? 0,
    { limit, offset },
  )
}
