/**
 * Every function that the platform hands out says what its name and type do not: units, ranges, what it refuses. A name of three words or more, on a function whose every
 * parameter is typed, counts as a sentence; shorter ones need a comment.
 */
import { parseSync } from 'oxc-parser'
import { sourceFiles, type SourceFile } from './source-files.ts'

type Node = { type: string; start: number; [key: string]: unknown }
const WORDS = 3
/** Those from before the check; lower it with each that gets its sentence. */
const STILL = 23
const words = (name: string): number => name.split(/(?=[A-Z])/).length

type Exported = { name: string; start: number }
function exportedFunctions({ file, text }: SourceFile): Exported[] {
  const body = parseSync(file, text).program.body as unknown as Node[]
  return body.flatMap((node) => {
    const declared = node.type === 'ExportNamedDeclaration' ? (node['declaration'] as Node | null) : null
    if (declared?.type === 'FunctionDeclaration')
      return [{ name: (declared['id'] as Node)['name'] as string, start: node.start }]
    if (declared?.type !== 'VariableDeclaration') return []
    return (declared['declarations'] as Node[])
      .filter((one) => /Function/.test((one['init'] as Node | null)?.type ?? ''))
      .map((one) => ({ name: (one['id'] as Node)['name'] as string, start: node.start }))
  })
}

const commented = (text: string, start: number): boolean =>
  /(\*\/|^\s*\/\/.*|oxlint-disable.*)\s*$/m.test(text.slice(0, start).trimEnd().split('\n').at(-1) ?? '')

/** The exported functions of a file that say nothing. */
export const silent = (source: SourceFile): string[] =>
  exportedFunctions(source)
    .filter(({ name, start }) => words(name) < WORDS && !commented(source.text, start))
    .map(({ name }) => name)

if (import.meta.main) {
  const files = sourceFiles('server/platform/**/*.ts', 40)
  const found = files.flatMap((source) => silent(source).map((name) => `${source.file}: ${name}`))
  if (found.length > STILL) for (const one of found) process.stderr.write(`${one} has no sentence above it\n`)
  process.stdout.write(`${files.length} files, ${found.length} functions without a sentence, ${STILL} at most\n`)
  process.exitCode = found.length <= STILL ? 0 : 1
}
