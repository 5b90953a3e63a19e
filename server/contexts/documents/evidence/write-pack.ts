import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { contentKey } from '#platform/blob/blob-store.ts'
import { spoolFolder } from '#platform/blob/spool.ts'
import { systemScope } from '#platform/database/system-scope.ts'
import type { Database, Scope } from '#platform/database/work.ts'
import { failureOf } from '#platform/jobs/job-failure.ts'
import type { RunningJob } from '#platform/jobs/job-kind.ts'
import { Refusal } from '#platform/refusal.ts'
import type { DocumentDeps } from '../deps.ts'
import { packOrderKind } from './create-pack.ts'
import { failPack, finishPack, notePackProgress } from './record-pack.ts'
import type { Plan } from './plan.ts'
import { readParts, type Outcome, type PartDeps } from './read-parts.ts'
import { readPlan } from './read-plan.ts'
import { writeArchive } from './write-archive.ts'

const DAY_MS = 86_400_000
/** How often progress is written: a pack of ten thousand small files is not ten thousand changes of its row. */
const TOLD_EVERY_MS = 1_000
/** The chain follows the commits within a moment; where it takes longer, the job comes again. */
const [LOOKS, LOOK_MS] = [20, 250]

/** The folder of one pack in the spool. What an attempt before was killed over is removed; so is what other machines' deaths left a day ago. */
async function clearFolder({ config }: DocumentDeps, id: string): Promise<string> {
  const all = join(spoolFolder(config), 'evidence')
  const own = join(all, id)
  await rm(own, { recursive: true, force: true })
  await mkdir(own, { recursive: true, mode: 0o700 })
  for (const name of await readdir(all)) {
    const path = join(all, name)
    const found = await stat(path).catch(() => null)
    if (found !== null && found.mtimeMs < Date.now() - DAY_MS) await rm(path, { recursive: true, force: true })
  }
  return own
}

/** The plan, once the trail is chained up to the order. */
async function awaitPlan(deps: DocumentDeps, scope: Scope, id: string, signal: AbortSignal): Promise<Plan | null> {
  const { evidenceSources: sources, evidenceHistory: history, installation } = deps
  for (let look = 1; ; look += 1) {
    try {
      return await installation.database.snapshot(scope, (work) => readPlan(work, { sources, history }, id))
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== 'evidence.trail_behind' || look === LOOKS) throw error
    }
    await sleep(LOOK_MS, undefined, { signal })
  }
}

/** Writes how far it is, now and then. */
function progressOf(database: Database, scope: Scope, id: string): PartDeps['progress'] {
  let told = Date.now()
  return async (done) => {
    if (Date.now() - told < TOLD_EVERY_MS) return
    told = Date.now()
    await database.write(scope, (work) => notePackProgress(work, id, done))
  }
}

const jwksUrlOf = ({ config }: DocumentDeps): string | null =>
  config.PUBLIC_URL === undefined ? null : new URL('/.well-known/audit-jwks.json', config.PUBLIC_URL).href

async function buildPack(deps: DocumentDeps, scope: Scope, id: string, signal: AbortSignal): Promise<void> {
  const { config, blobs, installation } = deps
  const { database } = installation
  const plan = await awaitPlan(deps, scope, id, signal)
  if (plan === null) return
  const { tenantId } = scope
  const now = new Date()
  const folder = await clearFolder(deps, id)
  try {
    const outcome: Outcome = {
      learned: { events: 0, types: new Set(), numbers: [], links: 0, entries: 0 },
      ...{ absent: 0, unscanned: false },
    }
    const parts = readParts(
      {
        ...{ database, history: deps.evidenceHistory, tenantId, blobs, now, signal },
        ...{ madeWith: `${config.APP_NAME} ${config.version}`, jwksUrl: jwksUrlOf(deps) },
        progress: progressOf(database, scope, id),
      },
      plan,
      outcome,
    )
    const archive = await writeArchive(parts, { folder, mtime: now, signal })
    await blobs.put(contentKey(tenantId, archive.sha256), archive, signal)
    const needed = [...outcome.learned.types].flatMap((type) => deps.evidenceHistory.permissionOf(type) ?? [])
    await database.write(scope, (work) => finishPack(work, plan, archive, { ...outcome, needed }))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * Builds a pack: what goes in is read in one Work, written to the spool and the store outside of any, and filed in another. Killed anywhere
 * in between, it begins anew; what it stored before is then a content that no row names.
 */
export async function writePack(deps: DocumentDeps, id: string, { tenantId, attempt, signal, ...job }: RunningJob) {
  const scope = systemScope(tenantId!, `documents.build_evidence ${job.id}`)
  try {
    await buildPack(deps, scope, id, signal)
  } catch (error) {
    const { retryInMs } = failureOf(error, attempt, packOrderKind.limits, 0)
    const reason = error instanceof Refusal ? error.code : 'internal'
    // A worker that goes down gives the job to another; what takes too long is a refusal.
    const handedOn = signal.aborted && !(signal.reason instanceof Refusal)
    if (retryInMs === null && !handedOn) {
      await deps.installation.database.write(scope, (work) => failPack(work, id, reason))
    }
    throw error
  }
}
