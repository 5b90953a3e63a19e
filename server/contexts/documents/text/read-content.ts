import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { contentKey } from '#platform/blob/blob-store.ts'
import { spool } from '#platform/blob/spool.ts'
import { systemScope } from '#platform/database/system-scope.ts'
import type { RunningJob } from '#platform/jobs/job-kind.ts'
import type { DocumentDeps } from '../deps.ts'
import { closeText, leaveText } from './close-text.ts'
import type { Said, Task } from './extract/content.ts'
import { findTools } from './extract/find-tools.ts'
import type { Page } from './page.ts'
import { recordPages } from './record-pages.ts'
import { runExtractor, type Extractor } from './run-extractor.ts'
import { takeGate } from './take-gate.ts'
import { takeUpText, type Taken } from './take-up-text.ts'
import { withNote } from './text-state.ts'

/** Pages are written when so many have come, or so long after the last were. */
const [BATCH, BATCH_MS] = [50, 500]
/** What a killed process left in the folder; no turn takes an hour. */
const ABANDONED_MS = 2 * 3_600_000
/** After so many attempts a kill by the system is this file's doing. */
const PATIENCE = 3

type Reading = { deps: DocumentDeps; taken: Taken; job: RunningJob }
type End = Extract<Said, { kind: 'end' }>
/** `end` null: the turn is over, or it is another's reading now. */
type Turn = { end: End | null; detail: string | null; total: number | null; lost: boolean }

const scopeOf = ({ id, tenantId }: RunningJob) => systemScope(tenantId!, `documents.read ${id}`)

/** A folder for one turn; old ones go. */
async function workFolder(home: string): Promise<string> {
  const folder = join(home, 'reading')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (const name of await readdir(folder)) {
    const held = await stat(join(folder, name)).catch(() => null)
    if (held !== null && Date.now() - held.mtimeMs > ABANDONED_MS)
      await rm(join(folder, name), { recursive: true, force: true })
  }
  return mkdtemp(join(folder, 'turn-'))
}

async function taskOf({ deps, taken, job }: Reading, folder: string): Promise<Task> {
  const { config, blobs } = deps
  const key = contentKey(job.tenantId!, taken.sha256)
  const file = await spool(await blobs.open(key, undefined, job.signal), folder)
  if (file.sha256 !== taken.sha256) throw new Error(`What is stored as ${taken.sha256} is something else`)
  return {
    ...{ file: file.path, folder, from: taken.pagesDone, recognised: taken.recognised, characters: taken.characters },
    tools: await findTools(config.PATH),
    ...{ ocr: config.OCR === 'on', maxPages: config.TEXT_MAX_PAGES, maxOcrPages: config.OCR_MAX_PAGES },
  }
}

/** Keeps what a child says, until it has said all or its turn is over. */
async function keepPages({ deps, taken, job }: Reading, extractor: Extractor, gates: (() => void)[]): Promise<Turn> {
  const { config, installation } = deps
  const turn: Turn = { end: null, detail: taken.detail, total: null, lost: false }
  let [from, batch, kept, began]: [number, Page[], number, number] = [taken.pagesDone, [], 0, performance.now()]
  const keep = async (): Promise<void> => {
    const found = { from, pages: batch, total: turn.total, detail: turn.detail }
    const ours = await installation.database.write(scopeOf(job), (work) => recordPages(work, taken, found))
    turn.lost = !ours
    from += batch.length
    batch = []
    kept = performance.now()
  }
  for await (const said of extractor.said) {
    if (said.kind === 'pages') turn.total = said.pages
    else if (said.kind === 'note') turn.detail = withNote(turn.detail, said.text)
    else if (said.kind === 'gate') {
      if (batch.length > 0) await keep()
      gates.push(await takeGate(job.signal))
      began = performance.now()
      extractor.go()
    } else if (said.kind === 'page') {
      if (said.page.page !== from + batch.length + 1) throw new Error('The reader of documents lost count of the pages')
      batch.push(said.page)
      const over = performance.now() - began > config.TEXT_TURN_SECONDS * 1_000
      if (over || batch.length >= BATCH || performance.now() - kept > BATCH_MS) await keep()
      if (over || turn.lost) return turn
    } else if (said.kind === 'end') {
      if (batch.length > 0) await keep()
      return { ...turn, end: said, detail: withNote(turn.detail, said.detail) }
    }
    if (turn.lost) return turn
  }
  return turn
}

async function settle({ deps, taken, job }: Reading, { end, detail, total, lost }: Turn, used: number): Promise<void> {
  if (lost) return
  const seconds = taken.seconds + used
  const { database } = deps.installation
  if (end === null) return database.write(scopeOf(job), (work) => leaveText(work, taken, { seconds }))
  const pages = end.state === 'read' ? end.pages : total
  return database.write(scopeOf(job), (work) => closeText(work, taken, { state: end.state, detail, pages, seconds }))
}

/**
 * One turn of reading a content: read from the database what to do, take the content out of the store into a folder of its own, have a
 * child process read it, and keep its pages as they come. A reading that is not done then goes on as a job of its own, so that a scan
 * of 500 pages keeps nobody waiting for longer than a turn. Nothing in a file makes it fail; a store that does not answer does.
 */
export async function readContent(deps: DocumentDeps, sha256: string, job: RunningJob): Promise<void> {
  const taken = await deps.installation.database.write(scopeOf(job), (work) => takeUpText(work, sha256))
  if (taken === null) return
  const reading = { deps, taken, job }
  const folder = await workFolder(deps.config.home)
  const gates: (() => void)[] = []
  let extractor: Extractor | undefined
  try {
    const task = await taskOf(reading, folder)
    const seconds = Math.max(1, deps.config.TEXT_MAX_SECONDS - taken.seconds)
    const { PATH: path, TEXT_MAX_MEMORY_MB: memory } = deps.config
    const run = { task, hint: taken.mediaType, path, seconds, memory }
    extractor = runExtractor({ ...run, signal: job.signal, last: job.attempt >= PATIENCE })
    const turn = await keepPages(reading, extractor, gates)
    await extractor.close()
    await settle(reading, turn, extractor.used())
  } finally {
    await extractor?.close()
    for (const leave of gates) leave()
    await rm(folder, { recursive: true, force: true })
  }
}
