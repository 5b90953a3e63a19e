import type { Detail } from '#platform/refusal.ts'
import { filterProblem } from './filters.ts'
import { parseTag } from './tag.ts'

/** A name that a template asks for, with the lists and conditions around it, the outermost first. */
export type TagUse = {
  readonly name: string
  /** A section is a list or a condition: which, its field says. */
  readonly kind: 'value' | 'section'
  readonly within: readonly string[]
  /** Whether the template says what stands there where it is missing. */
  readonly fallback: boolean
}

/** A tag as docxtemplater finds it. */
export type FoundTag = { type: string; value: string; module?: string; inverted?: boolean; subparsed?: FoundTag[] }

const DEEPEST = 6

/** What is asked for, and what is wrong with how. */
export function usesOf(
  tags: readonly FoundTag[],
  within: readonly string[] = [],
): { uses: TagUse[]; problems: Detail[] } {
  const [uses, problems]: [TagUse[], Detail[]] = [[], []]
  for (const tag of tags) {
    if (tag.type !== 'placeholder') continue
    const field = `{${tag.value.slice(0, 100)}}`
    const parsed = parseTag(tag.value)
    const isLoop = tag.module === 'loop'
    if (tag.module !== undefined && !isLoop)
      problems.push({ field, message: 'is not taken: values are text, lists and conditions' })
    else if (parsed === null) problems.push({ field, message: 'is no name: lower case, digits, _ and . between names' })
    else {
      for (const filter of parsed.filters) {
        const problem = filterProblem(filter)
        if (problem !== null) problems.push({ field, message: problem })
      }
      const name = parsed.path.join('.')
      const fallback = parsed.filters.some((one) => one.name === 'or')
      if (name !== '') uses.push({ name, kind: isLoop ? 'section' : 'value', within, fallback })
      if (within.length > DEEPEST) problems.push({ field, message: `lies in more than ${DEEPEST} sections` })
      const inner = usesOf(tag.subparsed ?? [], tag.inverted === true || name === '' ? within : [...within, name])
      uses.push(...inner.uses)
      problems.push(...inner.problems)
    }
  }
  return { uses, problems }
}
