import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { type BlobStore, contentKey } from '#platform/blob/blob-store.ts'
import { Refusal } from '#platform/refusal.ts'
import { chainSpans } from './chain-span.ts'
import { decisionOf, type Decision } from './decision.ts'
import { indexPage } from './index-page.ts'
import { aboutPack, manifestText, packedDocument, type About, type PackedDocument } from './manifest.ts'
import { absenceOf, type Absence, type Plan } from './plan.ts'
import type { ChosenFile } from './read-files.ts'
import { readChainLines, readEventLines, readTrailLines, type HistoryDeps, type Learned } from './read-history.ts'
import { readme } from './readme.ts'
import { evidenceRefusals } from './refusals.ts'
import { documentPath } from './safe-name.ts'
import type { Head } from './source.ts'
import type { Part, Parts, PartSum } from './write-archive.ts'
import { writeIndexPdf } from './write-index-pdf.ts'

export type PartDeps = HistoryDeps & {
  readonly blobs: BlobStore
  readonly now: Date
  readonly signal: AbortSignal
  /** Officina's name and version. */
  readonly madeWith: string
  readonly jwksUrl: string | null
  /** Called after each document. */
  readonly progress: (done: number) => Promise<void>
}
/** What became of the pack, for its row. */
export type Outcome = { learned: Learned; absent: number; unscanned: boolean }

const once = async function* (text: string | Buffer): AsyncGenerator<string | Buffer> {
  yield text
}
const text = (path: string, content: string): Part => ({ path, bytes: once(content), compress: true })
const json = (path: string, value: unknown): Part => text(path, `${JSON.stringify(value, null, 1)}\n`)

/** The bytes of a content; null where the store has none. */
async function openContent({ blobs, tenantId, signal }: PartDeps, { sha256 }: ChosenFile): Promise<Readable | null> {
  try {
    const bytes = await blobs.open(contentKey(tenantId, sha256), undefined, signal)
    // What breaks off before anybody reads it would end the process; who reads it hears of it all the same.
    return bytes.on('error', () => undefined)
  } catch (error) {
    if (error instanceof Refusal && error.code === 'blobs.missing') return null
    throw error
  }
}

/** A content that is not what was filed ends the building: a pack that holds it would say that it is. */
function checkContent({ document_id, version, sha256 }: ChosenFile, sum: PartSum): void {
  if (sum.sha256 === sha256) return
  const details = [{ field: document_id, message: `version ${version}` }]
  throw evidenceRefusals.refuse('evidence.content_damaged', { details })
}

/** The documents, each checked against the digest under which it was filed. */
async function* readDocuments(
  deps: PartDeps,
  { files }: Plan,
  packed: PackedDocument[],
): AsyncGenerator<Part, void, PartSum> {
  for (const [at, file] of files.entries()) {
    let absent: Absence | null = absenceOf(file)
    const bytes = absent === null ? await openContent(deps, file) : null
    if (absent === null && bytes === null) absent = 'missing'
    const path = bytes === null ? null : documentPath(at + 1, file.version, file.file_name)
    packed.push(packedDocument(file, path, absent))
    if (bytes !== null) {
      try {
        const sum = yield { path: path!, bytes, compress: false }
        checkContent(file, sum)
      } finally {
        bytes.destroy()
      }
    }
    await deps.progress(at + 1)
  }
}

/** What was told and recorded, with what proves it; the decisions are collected on the way. */
async function* readProofs(
  deps: PartDeps,
  plan: Plan,
  learned: Learned,
  decisions: Decision[],
): AsyncGenerator<Part, void, PartSum> {
  const { reach, company } = plan
  yield { path: 'events.ndjson', bytes: readEventLines(deps, plan, learned), compress: true }
  const trail = readTrailLines(deps, plan, learned, (entry) => {
    const decision = decisionOf(entry)
    if (decision !== null) decisions.push(decision)
  })
  yield { path: 'trail.ndjson', bytes: trail, compress: true }
  const { number, link } = reach
  const own = await deps.history.signHead({ tenant_id: company.id, number, link, at: deps.now.toISOString() }, deps.now)
  const all = [...plan.heads.filter((head) => head.number !== number), own].toSorted((a, b) => a.number - b.number)
  const spans = chainSpans(
    learned.numbers,
    all.map((head) => head.number),
  )
  yield { path: 'chain.ndjson', bytes: readChainLines(deps, plan, spans, learned), compress: true }
  const needed = (head: Head): boolean =>
    head === own || spans.some(({ from, to }) => head.number >= from && head.number <= to)
  yield json('heads.json', { tenant_id: company.id, heads: all.filter(needed), keys: deps.history.keys() })
  yield json('decisions.json', decisions)
}

const verifier = (name: string): Promise<Buffer> => readFile(new URL(`./verifier/${name}`, import.meta.url))

/** The explanations, and the programs that check the pack. */
async function* readExplanations(
  deps: PartDeps,
  plan: Plan,
  about: About,
  shown: { documents: PackedDocument[]; decisions: Decision[]; files: PartSum[] },
): AsyncGenerator<Part, void, PartSum> {
  yield text('index.html', indexPage(about, shown, plan.company.zone))
  yield { path: 'index.pdf', bytes: writeIndexPdf(about, shown, plan.company.zone), compress: true }
  yield text('README.txt', readme(about))
  for (const name of ['verify.mjs', 'verify.py'])
    yield { path: name, bytes: once(await verifier(name)), compress: true }
}

/** Passes files on and remembers what each came to. */
async function* remembering(parts: AsyncGenerator<Part, void, PartSum>, files: PartSum[]): Parts {
  let step = await parts.next()
  try {
    while (!step.done) {
      const sum = yield step.value
      files.push(sum)
      step = await parts.next(sum)
    }
  } finally {
    await parts.return()
  }
}

/** The files of a pack in the order in which they are written; the manifest and its signature are the last. */
export async function* readParts(deps: PartDeps, plan: Plan, outcome: Outcome): Parts {
  const [files, documents, decisions]: [PartSum[], PackedDocument[], Decision[]] = [[], [], []]
  const { learned } = outcome
  yield* remembering(readDocuments(deps, plan, documents), files)
  outcome.absent = documents.filter(({ absent }) => absent !== null).length
  outcome.unscanned = documents.some(({ path, scan }) => path !== null && scan !== 'clean')
  for (const [name, value] of Object.entries({ documents: plan.files, ...plan.collected.records })) {
    files.push(yield json(`records/${name}.json`, value))
  }
  yield* remembering(readProofs(deps, plan, learned, decisions), files)
  const counted = {
    ...{ entries: learned.entries, links: learned.links, events: learned.events, decisions: decisions.length },
  }
  const contents = plan.pack.granted.includes('audit.read')
  const made = { at: deps.now.toISOString(), with: deps.madeWith, jwksUrl: deps.jwksUrl, contents }
  const about = aboutPack(plan, counted, made)
  yield* remembering(readExplanations(deps, plan, about, { documents, decisions, files: [...files] }), files)
  const manifest = manifestText({ ...about, documents, files })
  const { sha256 } = yield text('manifest.json', manifest)
  const { company, pack } = plan
  const payload = { manifest_sha256: sha256, pack_id: pack.id, tenant_id: company.id, at: made.at }
  const { jws } = await deps.history.signManifest(payload, deps.now)
  yield text('manifest.jws', jws)
}
