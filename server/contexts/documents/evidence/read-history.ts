import { systemScope } from '#platform/database/system-scope.ts'
import type { Database, EdgeWork } from '#platform/database/work.ts'
import type { Plan } from './plan.ts'
import { narrowPlants } from './read-plan.ts'
import { evidenceRefusals } from './refusals.ts'
import type { EvidenceHistory, TrailEntry } from './source.ts'
import type { Span } from './chain-span.ts'

export const MOST_ENTRIES = 200_000
export const MOST_LINKS = 1_000_000
const PAGE = 5_000

export type HistoryDeps = { readonly database: Database; readonly history: EvidenceHistory; readonly tenantId: string }

/** A page in a transaction of its own: what is written out between two pages may take its time. Chain and positions only ever grow. */
const readPage = <T>(
  { database, tenantId }: HistoryDeps,
  plan: Plan,
  use: (work: EdgeWork) => Promise<T>,
): Promise<T> =>
  database.snapshot(systemScope(tenantId, `documents.build_evidence ${plan.pack.id}`), async (work) => {
    await narrowPlants(work, plan.pack.seen_plants)
    return use(work)
  })

const line = (value: unknown): string => `${JSON.stringify(value)}\n`

/** What the pack learns of its history while it is written. */
export type Learned = { events: number; types: Set<string>; numbers: number[]; links: number; entries: number }

/** The events of the subjects, a CloudEvent a line, in sequence. */
export async function* readEventLines(deps: HistoryDeps, plan: Plan, learned: Learned): AsyncGenerator<string> {
  const { history, pack, reach } = plan
  for (let after: number | null = 0; after !== null;) {
    const from: number = after
    const asked = { ...history, granted: pack.granted, after: from, until: reach.sequence }
    const page = await readPage(deps, plan, (work) => deps.history.events(work, asked))
    learned.events += page.events.length
    if (learned.events > MOST_ENTRIES) throw evidenceRefusals.refuse('evidence.too_much_history')
    for (const { type } of page.events) learned.types.add(type)
    if (page.events.length > 0) yield page.events.map(line).join('')
    after = page.next
  }
}

/** Without what the maker may not see; the digests of what is left out stand in the entry. */
const cut = (entry: TrailEntry, granted: readonly string[]): TrailEntry => ({
  ...entry,
  ...(!granted.includes('audit.read') && { contents: null, contents_salt: null }),
  ...(!granted.includes('people.read') && { actor: { ...entry.actor, name: null } }),
})

/** The trail's entries of the subjects, one a line, in the order of the chain. */
export async function* readTrailLines(
  deps: HistoryDeps,
  plan: Plan,
  learned: Learned,
  seen: (entry: TrailEntry) => void,
): AsyncGenerator<string> {
  const { history, pack, reach } = plan
  for (let after: number | null = 0; after !== null;) {
    const from: number = after
    const asked = { ...history, after: from, until: reach.number }
    const page = await readPage(deps, plan, (work) => deps.history.trail(work, asked))
    learned.entries += page.entries.length
    if (learned.entries > MOST_ENTRIES) throw evidenceRefusals.refuse('evidence.too_much_history')
    const entries = page.entries.map((entry) => cut(entry, pack.granted))
    for (const entry of entries) {
      learned.numbers.push(entry.number)
      seen(entry)
    }
    if (entries.length > 0) yield entries.map(line).join('')
    after = page.next
  }
}

/** The links between the entries and the signed heads that prove them. The first of a stretch carries the link before it. */
export async function* readChainLines(
  deps: HistoryDeps,
  plan: Plan,
  spans: readonly Span[],
  learned: Learned,
): AsyncGenerator<string> {
  for (const span of spans) {
    // The first link of all follows on what every company's chain begins with: nothing stands before it.
    let before = span.from === 1 ? null : span.from - 1
    for (let from = span.from; from <= span.to; from += PAGE) {
      const to = Math.min(from + PAGE - 1, span.to)
      const asked = { from: before ?? from, to }
      const links = await readPage(deps, plan, (work) => deps.history.links(work, asked))
      const previous = before === null ? null : links.shift()!.link
      learned.links += links.length
      if (learned.links > MOST_LINKS) throw evidenceRefusals.refuse('evidence.too_much_history')
      yield links
        .map(({ number, audit_id, digest }, at) =>
          line({ number, audit_id, digest, ...(at === 0 && previous !== null && { previous }) }),
        )
        .join('')
      before = null
    }
  }
}
