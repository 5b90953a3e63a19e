import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { identityRefusals } from '../refusals.ts'
import { afterFailure, guessSubjects, guessWait, type GuessCount, type Guesser } from './guess-limits.ts'

type Guessing = Work<Owned<'control.guesses'>>

/** An attempt that was counted as a failure before it was checked, with what is needed to take it back. */
export type CountedGuess = {
  counts: { subject: string; kind: 'pair' | 'account' | 'address'; before: GuessCount }[]
  at: string
}

const KINDS = ['pair', 'account', 'address'] as const
// A subject names a person and an address, which a table of failures need not tell.
const digestOf = (subject: string): string => createHash('sha256').update(`guess:${subject}`).digest('hex')

/** Locks the counts in one order for everybody, so that attempts sent at the same time see each other. */
async function lockCounts({ db, now }: Guessing, subjects: string[]): Promise<Map<string, GuessCount>> {
  const rows = subjects.map((subject) => ({ subject, failures: 0, last_at: now.toISOString() }))
  const found = await db
    .insertInto('control.guesses')
    .values(rows)
    // Not «do nothing» and then a look: between the two a sign-in that went well may remove the row.
    .onConflict((conflict) => conflict.column('subject').doUpdateSet({ failures: sql`guesses.failures` }))
    .returningAll()
    .execute()
  return new Map(found.map(({ subject, failures, last_at }) => [subject, { failures, last_at: new Date(last_at) }]))
}

/** Counts an attempt before it is checked; refuses one that comes too early, which is then not counted. */
export async function countGuess(work: Guessing, guesser: Guesser): Promise<CountedGuess> {
  const subjects = guessSubjects(guesser)
  const kept = KINDS.flatMap((kind) => {
    const subject = subjects[kind]
    return subject === null ? [] : [{ kind, subject: digestOf(subject) }]
  })
  const found = await lockCounts(work, kept.map(({ subject }) => subject).toSorted())
  const counts = kept.map(({ kind, subject }) => ({ kind, subject, before: found.get(subject)! }))
  const of = (kind: string): GuessCount | null => counts.find((count) => count.kind === kind)?.before ?? null
  const wait = guessWait({ pair: of('pair'), account: of('account'), address: of('address') }, work.now)
  if (wait > 0) throw identityRefusals.refuse('auth.too_many_guesses', { retryAfterS: wait })
  const at = work.now.toISOString()
  const rows = counts.map(({ subject, before }) => ({
    subject,
    failures: afterFailure(before, work.now).failures,
    last_at: at,
  }))
  await work.db
    .insertInto('control.guesses')
    .values(rows)
    .onConflict((conflict) =>
      conflict.column('subject').doUpdateSet({ failures: sql`excluded.failures`, last_at: sql`excluded.last_at` }),
    )
    .execute()
  return { counts, at }
}

/** Takes an attempt back that was no failure; one that was `right` also clears what its own guesser failed before. */
export async function takeBackGuess({ db }: Guessing, { counts, at }: CountedGuess, right: boolean): Promise<void> {
  for (const { kind, subject, before } of counts.toSorted((a, b) => (a.subject < b.subject ? -1 : 1))) {
    if (right && kind === 'pair') {
      await db.deleteFrom('control.guesses').where('subject', '=', subject).execute()
      continue
    }
    const { rows } = await sql<{ failures: number }>`
      update control.guesses
         set failures = greatest(failures - 1, 0),
             last_at = case when last_at = ${at} then ${before.last_at.toISOString()} else last_at end
       where subject = ${subject} returning failures`.execute(db)
    if (rows[0]?.failures === 0) {
      await db.deleteFrom('control.guesses').where('subject', '=', subject).where('failures', '=', 0).execute()
    }
  }
}
