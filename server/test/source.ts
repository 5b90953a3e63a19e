/** The house's source files as the tests that hold them to its laws read them: by oxc-parser, not by patterns. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync } from 'oxc-parser'

export const root = join(import.meta.dirname, '../..')

export type Import = { from: string; typeOnly: boolean; names: string[] }
export type Node = { type: string; start: number; end: number; [key: string]: unknown }
export type Source = { file: string; text: string; lines: number; imports: Import[]; program: Node }

const isNode = (value: unknown): value is Node => typeof (value as Node | null)?.type === 'string'

/** Every node below, depth first. */
export function* walk(node: Node): Generator<Node> {
  yield node
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) for (const one of value.filter(isNode)) yield* walk(one)
    else if (isNode(value)) yield* walk(value)
  }
}

type NameOf = { kind?: string; name?: string | null }
type Entry = { importName: NameOf; isType: boolean }

function importsOf(text: string, { module, program }: ReturnType<typeof parseSync>): Import[] {
  const fixed = module.staticImports.map(({ moduleRequest, entries }) => ({
    from: moduleRequest.value,
    typeOnly: entries.length > 0 && entries.every((entry) => entry.isType),
    names: (entries as Entry[]).filter((entry) => !entry.isType).map((entry) => entry.importName.name ?? '*'),
  }))
  const passedOn = module.staticExports.flatMap(({ entries }) =>
    entries
      .filter((entry) => entry.moduleRequest !== null && entry.moduleRequest !== undefined)
      .map((entry) => ({
        from: entry.moduleRequest!.value,
        typeOnly: entry.isType,
        names: [entry.importName.name ?? '*'],
      })),
  )
  const late = module.dynamicImports.map(({ moduleRequest }) => ({
    from: text.slice(moduleRequest.start + 1, moduleRequest.end - 1),
    typeOnly: false,
    names: ['*'],
  }))
  // `import('x')` where only a type is meant.
  const inTypes = [...walk(program as unknown as Node)]
    .filter((node) => node.type === 'TSImportType')
    .map((node) => ({
      from: ((node['source'] ?? node['argument']) as Node)['value'] as string,
      typeOnly: true,
      names: [],
    }))
  return [...fixed, ...passedOn, ...late, ...inTypes]
}

export function read(file: string): Source {
  const text = readFileSync(join(root, file), 'utf8')
  const parsed = parseSync(file, text)
  if (parsed.errors.length > 0) throw new Error(`${file}: ${parsed.errors[0]!.message}`)
  const program = parsed.program as unknown as Node
  return { file, text, lines: text.split('\n').length - 1, imports: importsOf(text, parsed), program }
}

/** Files below these folders, tests and generated ones left out. */
export function sources(...patterns: string[]): Source[] {
  const files = globSync(patterns, { cwd: root }).filter((file) => !/\.(test|gen)\.ts$|node_modules/.test(file))
  return files
    .map((file) => file.replaceAll('\\', '/'))
    .toSorted()
    .map(read)
}

/** `depth`: how many functions it stands in. */
export type Size = { name: string; lines: number; depth: number }

/** Functions with the lines that hold code. */
export function functionsOf({ text, program }: Source): Size[] {
  const found: Size[] = []
  const spans: [start: number, end: number][] = []
  for (const node of walk(program)) {
    if (!['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'].includes(node.type)) continue
    const code = text.slice(node.start, node.end).replaceAll(/\/\*[\s\S]*?\*\//g, '')
    const lines = code.split('\n').filter((line) => !/^\s*(\/\/|$)/.test(line)).length
    const name =
      (node['id'] as { name?: string } | null)?.name ?? `at line ${text.slice(0, node.start).split('\n').length}`
    const depth = spans.filter(([start, end]) => start <= node.start && end >= node.end).length
    spans.push([node.start, node.end])
    found.push({ name, lines, depth })
  }
  return found
}
