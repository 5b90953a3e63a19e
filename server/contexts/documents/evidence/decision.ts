import type { TrailEntry } from './source.ts'

// The last word of an action says what kind of act it was; those are the words by which somebody takes responsibility.
const DECIDING =
  /(^|_)(approved|confirmed|rejected|held|hold_set|hold_lifted|released|resumed|completed|aborted|waived|corrected|acknowledged|decided|dismissed|accepted|overridden|signed|submitted|restored|purged|deleted)$/

/** Who confirmed, approved, held or ended what: an entry of the trail read as a decision. */
export type Decision = {
  number: number
  audit_id: string
  at: string
  action: string
  resource: string
  resource_id: string | null
  actor: TrailEntry['actor']
  /** What the entry says was set; null where contents are left out. */
  after: Record<string, unknown> | null
}

/** Whether an action is one by which somebody takes responsibility. */
export const isDecision = (action: string): boolean => DECIDING.test(action.split('.').at(-1) ?? '')

/** The decision in an entry; null where it is another kind of act. */
export function decisionOf({ contents, ...entry }: TrailEntry): Decision | null {
  if (!isDecision(entry.action)) return null
  const { number, audit_id, at, action, resource, resource_id, actor } = entry
  const [, after] = contents === null ? [] : (JSON.parse(contents) as [unknown, Decision['after']])
  return { number, audit_id, at, action, resource, resource_id, actor, after: after ?? null }
}
