import { spoolFolder } from '#platform/blob/spool.ts'
import { systemScope } from '#platform/database/system-scope.ts'
import type { RunningJob } from '#platform/jobs/job-kind.ts'
import { Refusal } from '#platform/refusal.ts'
import { clamd, clamdAddress, type Scanner } from '#platform/scan/clamd.ts'
import type { DocumentDeps } from '../deps.ts'
import {
  type ContentOf,
  discardQuarantined,
  openContent,
  type Place,
  putAway,
  putBack,
  type Shelf,
} from './move-content.ts'
import { scanOrder } from './orders.ts'
import { type Outcome, recordFinding } from './record-finding.ts'
import { scanRefusals } from './refusals.ts'
import type { ScanWork } from './tables.ts'

export type ScanDeps = Pick<DocumentDeps, 'config' | 'installation' | 'blobs'>

type Known = { scan: string; purged_at: string | null }

export const readFinding = ({ db, tenantId }: ScanWork, sha256: string): Promise<Known | undefined> =>
  db
    .selectFrom('files')
    .select(['scan', 'purged_at'])
    .where('tenant_id', '=', tenantId)
    .where('sha256', '=', sha256)
    .executeTakeFirst()

/** The scanner that the settings name; null where they name none. */
const scannerOf = ({ CLAMD_URL }: ScanDeps['config']): Scanner | null =>
  CLAMD_URL === undefined ? null : clamd(clamdAddress(CLAMD_URL)!)

/** What asking again does not change. */
const FINAL: ReadonlySet<string> = new Set(['too_large', 'limits_exceeded', 'missing', 'damaged'])
const canHelp = (outcome: Outcome): boolean => outcome.found === 'nothing' && !FINAL.has(outcome.why)

type Looked = { outcome: Outcome; place: Place }

const LOST: Readonly<Record<string, 'store_unavailable' | 'damaged'>> = {
  'blobs.unavailable': 'store_unavailable',
  'scans.damaged': 'damaged',
}

/** What broke on our side, as an outcome; anything else is thrown on. */
function lostBy(error: unknown): Looked {
  const why = error instanceof Refusal ? LOST[error.code] : undefined
  if (why === undefined) throw error
  return { outcome: { found: 'nothing', why }, place: 'shelf' }
}

/** Has the bytes looked at, wherever they lie, and what turns out to be clean put back where it is served from. */
async function lookAt(shelf: Shelf, scanner: Scanner, content: ContentOf): Promise<Looked> {
  const opened = await openContent(shelf, content)
  if (opened === null) return { outcome: { found: 'nothing', why: 'missing' }, place: 'shelf' }
  const { source, place } = opened
  const outcome = await scanner.scan(source, shelf.signal)
  if (outcome.found === 'clean' && place === 'quarantine') await putBack(shelf, content)
  return { outcome, place }
}

const NOT_SCANNED: Looked = { outcome: { found: 'not_scanned' }, place: 'shelf' }

const unavailable = (field: string, message: string): Refusal =>
  scanRefusals.refuse('scans.unavailable', { details: [{ field, message }] })

/**
 * One look at a content, whatever is known of it. What is open stays open and what is shut stays shut until something else was found.
 * Each step may be the last one of a process: bytes are where they were or in both places, and the next attempt begins anew.
 */
export async function runScan(
  { config, installation: { database }, blobs }: ScanDeps,
  { sha256 }: { sha256: string },
  { id, tenantId, attempt, signal }: RunningJob,
): Promise<void> {
  const content = { tenantId: tenantId!, sha256 }
  const shelf = { blobs, folder: spoolFolder(config), signal }
  const scope = systemScope(content.tenantId, `${scanOrder.name} ${id}`)
  const known = await database.read(scope, (work) => readFinding(work, sha256))
  if (known === undefined) return
  if (known.purged_at !== null) {
    await discardQuarantined(shelf, content)
    return
  }
  const scanner = scannerOf(config)
  // Where nobody may open what was not scanned it waits until there is a scanner.
  if (scanner === null && config.production) throw unavailable('CLAMD_URL', 'is not set')
  const { outcome, place } = scanner === null ? NOT_SCANNED : await lookAt(shelf, scanner, content).catch(lostBy)
  const trouble = canHelp(outcome) && 'why' in outcome ? unavailable('scanner', outcome.why) : null
  if (trouble !== null && attempt < scanOrder.limits.attempts) throw trouble
  signal.throwIfAborted()
  const state = await database.write(scope, (work) => recordFinding(work, sha256, outcome))
  if (state === 'infected') await putAway(shelf, content)
  // Nothing can be left there of what is new and looked at for the first time.
  else if (state === null || place === 'quarantine' || known.scan !== 'waiting' || attempt > 1) {
    if (state !== 'failed') await discardQuarantined(shelf, content)
  }
  // Dead, and listed as such.
  if (trouble !== null) throw trouble
}
