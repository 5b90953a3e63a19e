import { sql } from 'kysely'
import { enqueue } from '#platform/jobs/enqueue.ts'
import type { Finding } from '#platform/scan/clamd.ts'
import { readOrder } from '../text/orders.ts'
import { type Scanned, type Settled, tellScanned } from './events.ts'
import type { ScanWork } from './tables.ts'

/** `not_scanned`: there is no scanner, in development; `missing`: the bytes are nowhere; `damaged`: they are not those that were stored. */
export type Outcome = Finding | { readonly found: 'not_scanned' } | { readonly found: 'nothing'; readonly why: Lost }
type Lost = 'missing' | 'damaged' | 'store_unavailable'

const STATES = { clean: 'clean', infected: 'infected', not_scanned: 'not_scanned', nothing: 'failed' } as const
const ENTRIES = {
  clean: { action: 'documents.available' },
  not_scanned: { action: 'documents.available' },
  infected: { action: 'documents.quarantined' },
  failed: { action: 'documents.scan_failed' },
} as const
/** What a person can open. */
const OPEN = new Set(['clean', 'not_scanned'])
/** Whoever looked finds another thing; who could not look, or had nothing to look with, takes nothing back. */
const PROVEN = new Set(['clean', 'infected'])

/** What is in a content by then: a failure changes only what nobody opens yet. */
function settledBy({ found }: Outcome, before: string): Settled {
  const state = STATES[found]
  if (state === 'failed' && (PROVEN.has(before) || before === 'not_scanned')) return before as Settled
  return state === 'not_scanned' && PROVEN.has(before) ? (before as Settled) : state
}

function detailOf(outcome: Outcome): string | null {
  if (outcome.found === 'infected') return outcome.signature
  if (outcome.found !== 'nothing') return null
  return 'said' in outcome && outcome.said !== '' ? `${outcome.why}: ${outcome.said}` : outcome.why
}

/**
 * Who is told: everybody who has the content where something new was found; else who came to it since. An infected or failed content
 * concerns whoever has it in any version; one that can be opened, whose current version it is.
 */
async function concerned(
  { db, tenantId }: ScanWork,
  sha256: string,
  { state, anew }: { state: Settled; anew: boolean },
): Promise<Scanned[]> {
  const terms = [sql`v.tenant_id = ${tenantId}`, sql`v.sha256 = ${sha256}`, sql`d.purged_at is null`]
  if (OPEN.has(state)) terms.push(sql`d.sha256 = v.sha256`)
  if (!anew) {
    terms.push(sql`not exists (select from audit a where a.tenant_id = v.tenant_id and a.resource = 'document' and a.resource_id = d.id
                                  and a.action = ${ENTRIES[state].action} and a.at >= v.created_at)`)
  }
  const { rows } = await sql<Scanned>`
    select d.id, d.plant_id, max(v.version)::int as version
      from document_versions v join documents d on d.tenant_id = v.tenant_id and d.id = v.document_id
     where ${sql.join(terms, sql` and `)} group by d.id, d.plant_id order by d.id`.execute(db)
  return rows
}

/**
 * Settles what a scan found: the content's state, what is told of each document, and that it is read where it can be opened now. Answers
 * with the state; null where the content was removed for good meanwhile. Harmless to repeat.
 */
export async function recordFinding(work: ScanWork, sha256: string, outcome: Outcome): Promise<Settled | null> {
  const { db, tenantId, now } = work
  // Whoever adds a version of this content waits, or is seen below.
  const file = await db
    .selectFrom('files')
    .select(['scan', 'purged_at'])
    .where('tenant_id', '=', tenantId)
    .where('sha256', '=', sha256)
    .forUpdate()
    .executeTakeFirst()
  if (file === undefined || file.purged_at !== null) return null
  const state = settledBy(outcome, file.scan)
  if (state === STATES[outcome.found]) {
    const found = { scan: state, scan_detail: detailOf(outcome), scanned_at: now.toISOString() }
    await db.updateTable('files').set(found).where('tenant_id', '=', tenantId).where('sha256', '=', sha256).execute()
  }
  const anew = state !== file.scan
  for (const document of await concerned(work, sha256, { state, anew })) {
    const after = { scan: state, version: document.version, sha256, detail: detailOf(outcome) }
    const entry = {
      ...ENTRIES[state],
      resource: 'document',
      resource_id: document.id,
      plant_id: document.plant_id,
      after,
    }
    work.record({ ...entry, before: { scan: file.scan } }, tellScanned(document, state))
  }
  if (OPEN.has(state) && !OPEN.has(file.scan)) await enqueue(work, readOrder, { sha256 }, { key: sha256 })
  return state
}
