/** A value that a condition compares with; strings are compared without case and outer white space. */
export type ConditionValue = string | number | boolean

/**
 * A predicate as data. `field` is a dotted path into the facts; `any` needs one branch to hold, `all` needs each.
 * Comparisons of a fact that is not known give «unknown»; `present` and `absent` always know.
 */
export type Condition =
  | { all: readonly Condition[] }
  | { any: readonly Condition[] }
  | { not: Condition }
  | { field: string; op: 'present' }
  | { field: string; op: 'absent' }
  | Comparison

type Comparing<Op extends string, Value> = Op extends string ? { field: string; op: Op; value: Value } : never

type Comparison =
  | Comparing<'eq' | 'ne' | 'contains', ConditionValue>
  | Comparing<'gt' | 'gte' | 'lt' | 'lte', number>
  | Comparing<'in', readonly ConditionValue[]>

/** `holds` null: it cannot be known until the facts in `missing` are. */
export type Verdict = { holds: boolean | null; missing: readonly string[] }

const KNOWN = (holds: boolean): Verdict => ({ holds, missing: [] })

/** The fact at a dotted path; null, undefined and blank text are all «not known» and give undefined. */
export function factAt(facts: unknown, path: string): unknown {
  let fact: unknown = facts
  for (const key of path.split('.')) {
    if (typeof fact !== 'object' || fact === null || !Object.hasOwn(fact, key)) return undefined
    fact = Object.getOwnPropertyDescriptor(fact, key)?.value
  }
  return fact === null || (typeof fact === 'string' && fact.trim() === '') ? undefined : fact
}

/** Evaluates in three-valued (Kleene) logic: one false branch settles an `all` even where others are unknown. */
export function evaluate(condition: Condition, facts: unknown): Verdict {
  if ('all' in condition) return combine(condition.all, facts, false)
  if ('any' in condition) return combine(condition.any, facts, true)
  if ('not' in condition) {
    const { holds, missing } = evaluate(condition.not, facts)
    return holds === null ? { holds, missing } : KNOWN(!holds)
  }
  const fact = factAt(facts, condition.field)
  if (condition.op === 'present') return KNOWN(fact !== undefined)
  if (condition.op === 'absent') return KNOWN(fact === undefined)
  return fact === undefined ? { holds: null, missing: [condition.field] } : KNOWN(compare(condition, fact))
}

function combine(branches: readonly Condition[], facts: unknown, settles: boolean): Verdict {
  const verdicts = branches.map((branch) => evaluate(branch, facts))
  if (verdicts.some((verdict) => verdict.holds === settles)) return KNOWN(settles)
  const missing = [...new Set(verdicts.flatMap((verdict) => verdict.missing))].toSorted()
  return missing.length > 0 ? { holds: null, missing } : KNOWN(!settles)
}

const folded = (value: unknown): unknown => (typeof value === 'string' ? value.trim().toLowerCase() : value)

function compare(condition: Comparison, fact: unknown): boolean {
  if (condition.op === 'in') return condition.value.some((value) => folded(value) === folded(fact))
  if (condition.op === 'eq') return folded(fact) === folded(condition.value)
  if (condition.op === 'ne') return folded(fact) !== folded(condition.value)
  if (condition.op === 'contains') return String(folded(fact)).includes(String(folded(condition.value)))
  if (typeof fact !== 'number') return false
  if (condition.op === 'gt') return fact > condition.value
  if (condition.op === 'gte') return fact >= condition.value
  return condition.op === 'lt' ? fact < condition.value : fact <= condition.value
}
