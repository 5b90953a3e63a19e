/**
 * What may stand between the braces of a template: a path of names, and filters with plain arguments. Nothing is evaluated:
 * `{plant.pod}`, `{energy.kwh | number 1 | or —}`, `{#outputs}…{/outputs}`, `{^outputs}none{/outputs}`.
 */
export type Filter = { readonly name: string; readonly argument: string | null }
export type Tag = { readonly path: readonly string[]; readonly filters: readonly Filter[] }

const PATH = /^[a-z][a-z0-9_]{0,49}(\.[a-z][a-z0-9_]{0,49}){0,5}$/
const FILTER = /^([a-z_]{1,20})(?:\s+(.{1,100}))?$/s
/** Names that a list of values must never hold, whatever it comes from. */
const NEVER = new Set(['constructor', 'prototype'])

/** `.` is the item of a list of plain values. Null where it is no tag of ours. */
export function parseTag(text: string): Tag | null {
  // Word writes a space that does not break where a language wants one.
  const [head = '', ...rest] = text.replaceAll('\u00a0', ' ').split('|')
  const path = head.trim()
  const filters = rest.map((one) => FILTER.exec(one.trim()))
  if (filters.some((one) => one === null)) return null
  const parsed = filters.map((one) => ({ name: one![1]!, argument: one![2]?.trim() ?? null }))
  if (path === '.') return { path: [], filters: parsed }
  if (!PATH.test(path) || path.split('.').some((name) => NEVER.has(name))) return null
  return { path: path.split('.'), filters: parsed }
}

/** What a list can be asked for besides its items: `{#outputs.any}`, `{outputs.count}`. */
const OF_LISTS: Record<string, ((list: readonly unknown[]) => unknown) | undefined> = {
  any: (list) => list.length > 0,
  count: (list) => list.length,
}
/** The field that a name asks of: without what a list says of itself. */
export const fieldName = (name: string): string => name.replace(/\.(any|count)$/, '')

/** The value at a path, by own properties of plain objects only; undefined where there is none. */
export function valueAt(tree: unknown, path: readonly string[]): unknown {
  let at: unknown = tree
  for (const name of path) {
    if (Array.isArray(at)) {
      at = OF_LISTS[name]?.(at)
      continue
    }
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined
    at = (at as Record<string, unknown>)[name]
  }
  return at
}
