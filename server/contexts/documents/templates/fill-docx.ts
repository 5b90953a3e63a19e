import Docxtemplater from 'docxtemplater'
import type PizZip from 'pizzip'
import type { Detail } from '#platform/refusal.ts'
import { fallbackOf, formatted, type Setting } from './filters.ts'
import { parseTag, valueAt, type Tag } from './tag.ts'
import { usesOf, type FoundTag, type TagUse } from './template-tags.ts'

/** The same for every template: `{` and `}`, nothing that changes them, lists by whole paragraphs, line breaks of values kept. */
const OPTIONS = {
  ...{ paragraphLoop: true, linebreaks: true, errorLogging: false, stripInvalidXMLChars: true },
  ...{ delimiters: { start: '{', end: '}' }, syntax: { changeDelimiterPrefix: null } },
}

type TemplateError = { properties?: { id?: string; xtag?: string; explanation?: string; errors?: TemplateError[] } }

/** What docxtemplater says of a broken template, by the tag. */
function brokenTags(error: unknown): Detail[] {
  const { properties } = error as TemplateError
  if (properties?.id === undefined) throw error
  return (properties.errors ?? [error as TemplateError]).slice(0, 50).map(({ properties: one }) => ({
    field: `{${(one?.xtag ?? '').slice(0, 100)}}`,
    message: (one?.explanation ?? one?.id ?? 'is broken').slice(0, 300),
  }))
}

type Inspected = { inspect?: { filePath?: string; postparsed?: readonly FoundTag[] } }

/** A module of docxtemplater that keeps what it made of each file. Its own inspector asks for lodash, which it does not bring. */
function keeper() {
  const files = new Map<string, readonly FoundTag[]>()
  let file = ''
  const set = ({ inspect }: Inspected): void => {
    file = inspect?.filePath ?? file
    if (inspect?.postparsed !== undefined) files.set(file, inspect.postparsed)
  }
  return { module: { name: 'keeper', set }, tags: (): FoundTag[] => [...files.values()].flat() }
}

/** What a template asks for; what is wrong with it names the tag. */
export function inspectTags(zip: PizZip): { uses: TagUse[]; problems: Detail[] } {
  const { module, tags } = keeper()
  try {
    const compiled = new Docxtemplater(zip, { ...OPTIONS, modules: [module], parser: () => ({ get: () => '' }) })
    return compiled.modules.length > 0 ? usesOf(tags()) : { uses: [], problems: [] }
  } catch (error) {
    return { uses: [], problems: brokenTags(error) }
  }
}

export type Filling = { values: Record<string, unknown>; optional: readonly string[]; setting: Setting }
type Found = { missing: Set<string>; invalid: Map<string, string> }
type Context = {
  scopeList: unknown[]
  scopePath: string[]
  scopePathItem: number[]
  meta: { part: { module?: string } }
}

const MISSING: readonly unknown[] = [undefined, null, '']

/**
 * The nearest list item that has the name, even as nothing: what is missing in an item is not taken from around it. `at`: where it stands, for a
 * person; `names`: what a field of it may be called, in the item or outside.
 */
function lookUp(tag: Tag, scope: unknown, context: Context): { value: unknown; at: string; names: string[] } {
  const { scopeList, scopePath, scopePathItem } = context
  // A condition opens a scope that is the one around it.
  const lists = scopePath.flatMap((path, index) =>
    scopeList[index + 1] === scopeList[index]
      ? []
      : [{ path: parseTag(path)?.path.join('.') ?? path, item: scopePathItem[index] }],
  )
  const [first] = tag.path
  const own = tag.path.join('.')
  const at = (count: number): string =>
    [...lists.slice(0, count).map(({ path, item }) => `${path}[${item}]`), own].filter((part) => part !== '').join('.')
  if (first === undefined) return { value: scope, at: at(lists.length), names: [] }
  const holder = scopeList.findLastIndex((one) => typeof one === 'object' && one !== null && Object.hasOwn(one, first))
  const value = holder < 0 ? undefined : valueAt(scopeList[holder], tag.path)
  const depth = holder < 0 ? lists.length : new Set(scopeList.slice(0, holder + 1)).size - 1
  const names = lists.map((_one, index) => [...lists.slice(0, index + 1).map(({ path }) => path), own].join('.'))
  return { value, at: at(depth), names: holder < 0 ? [own, ...names] : [depth === 0 ? own : names[depth - 1]!] }
}

function parserOf({ optional, setting }: Filling, found: Found) {
  const mayMiss = new Set(optional)
  return (text: string) => {
    const tag = parseTag(text)
    if (tag === null) throw new Error(`No tag: ${text}`)
    const fallback = fallbackOf(tag.filters)
    const get = (scope: unknown, context: Context): unknown => {
      const isLoop = context.meta.part.module === 'loop'
      const { value, at, names } = lookUp(tag, scope, context)
      if (MISSING.includes(value)) {
        if (fallback === null && !names.some((name) => mayMiss.has(name))) found.missing.add(at)
        return isLoop ? [] : (fallback ?? '')
      }
      if (isLoop) return typeof value === 'object' || value === false ? value : true
      try {
        return formatted(value, tag.filters, setting)
      } catch (error) {
        if (!(error instanceof RangeError)) throw error
        found.invalid.set(at, error.message)
        return ''
      }
    }
    return { get }
  }
}

/** Fills a template that was checked. What is missing or does not fit is named, all of it; then nothing was made. */
export function fillDocx(zip: PizZip, filling: Filling): { missing: string[]; invalid: Detail[] } {
  const found: Found = { missing: new Set(), invalid: new Map() }
  const template = new Docxtemplater(zip, { ...OPTIONS, parser: parserOf(filling, found) })
  template.render(filling.values)
  return {
    missing: [...found.missing],
    invalid: [...found.invalid].map(([field, message]) => ({ field, message })),
  }
}
