import { Type, type Static } from 'typebox'
import type { EdgeWork } from '#platform/database/work.ts'
import { Id, Line, Nullable, OneOf, Shape, Timestamp } from '#platform/http/shapes.ts'
import { identityRefusals } from '../refusals.ts'
import type { KeySet } from '../tokens/signing-keys.ts'
import { AuditHead } from './audit-sealed.ts'
import { checkEntries, checkErasures, checkLinks, type Break } from './check-chain.ts'
import { checkSeals } from './check-seals.ts'
import { readHead } from './read-head.ts'
import { readProgress, START, writeProgress, type Progress } from './verify-progress.ts'

const Broken = Type.Object(
  {
    number: Nullable(Type.Integer({ description: 'In the chain; null for an entry that is not in it' })),
    audit_id: Nullable(Id),
    at: Nullable(Timestamp),
    reason: OneOf(
      [
        ...[
          'link_removed',
          'link_changed',
          'entry_removed',
          'entry_changed',
          'entry_not_chained',
          'entry_chained_twice',
        ],
        ...['erasure_unfounded', 'head_missing', 'head_differs', 'head_forged'],
      ] as Break['reason'][],
      { description: 'docs/audit.md says what each means' },
    ),
  },
  { title: 'AuditBreak' },
)

/** Whether the trail is what it was when it was written. */
export const AuditVerdict = Type.Object(
  {
    valid: Nullable(Type.Boolean({ description: 'Null: nothing is broken so far, and next_cursor goes on' })),
    checked: Type.Integer({ description: 'Links and their entries' }),
    first_broken: Nullable(Broken),
    erased: Type.Integer({
      description: 'Entries of which an erasure took contents or address; they are chained all the same',
    }),
    waiting: Type.Integer({ description: 'Entries that were committed a moment ago and are not chained yet' }),
    head: AuditHead,
    sealed: Nullable(Type.Object({ number: Type.Integer(), at: Timestamp }, { description: 'The last signed head' })),
    next_cursor: Nullable(Type.String()),
  },
  { title: 'AuditVerdict' },
)
export type AuditVerdict = Static<typeof AuditVerdict>

export const VerifyQuery = Shape({
  cursor: Type.Optional(Type.String({ maxLength: 400, pattern: '^[A-Za-z0-9_-]+$' })),
  head: Type.Optional(
    Line(4_000, { description: 'A signed head (jws of AuditSealed) that was kept outside: it must be in the chain' }),
  ),
})

/** How long one call goes on: 1,000,000 entries are 15 s of one core. Proxies wait 30 s or more. */
const BUDGET_MS = 20_000

type Asked = { keys: KeySet; cursor?: string | undefined; head?: string | undefined; budgetMs?: number }

/**
 * Recomputes the whole trail: every link, every entry's digest, every erasure, every signed head. Each step is a statement of its
 * own of bounded size, so that a trail of any length is verified beside the work of the day.
 */
export async function verifyAudit(
  work: EdgeWork,
  { keys, cursor, head, budgetMs = BUDGET_MS }: Asked,
): Promise<AuditVerdict> {
  const begun = progressOf(cursor)
  const until = performance.now() + budgetMs
  const { progress, broken } = await walk(work, begun, until)
  const done = progress.phase === 'done'
  const seals = broken === null && done ? await checkSeals(work, keys, head) : { broken: null, sealed: null }
  const first = broken ?? seals.broken
  return {
    valid: first !== null ? false : done ? true : null,
    checked: progress.checked,
    first_broken: first,
    erased: progress.erased,
    waiting: progress.waiting,
    head: await readHead(work),
    sealed: seals.sealed,
    next_cursor: first === null && !done ? writeProgress(progress) : null,
  }
}

function progressOf(cursor: string | undefined): Progress {
  const progress = cursor === undefined ? START : readProgress(cursor)
  if (progress !== null) return progress
  throw identityRefusals.refuse('audit.invalid', {
    details: [{ field: 'cursor', message: 'is none of this verification' }],
  })
}

const STEPS = { links: checkLinks, entries: checkEntries, erasures: checkErasures }

/** Step after step until something is broken, all is seen or the time is up. */
async function walk(
  work: EdgeWork,
  begun: Progress,
  until: number,
): Promise<{ progress: Progress; broken: Break | null }> {
  let progress = begun
  do {
    if (progress.phase === 'done') break
    const step = await STEPS[progress.phase](work, progress)
    progress = step.progress
    if (step.broken !== null) return { progress, broken: step.broken }
  } while (performance.now() < until)
  return { progress, broken: null }
}
