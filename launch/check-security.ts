/**
 * A static scan of our own source for what must not be there: shells, SQL that is glued together, weak digests, TLS that
 * is not verified, guessable randomness, keys in the text. (oxlint refuses eval, new Function and implied eval.) What a
 * person has looked at is allowed by a comment on the line before: `security-ok: <why>`.
 */
import { parseSync } from 'oxc-parser'
import { sourceFiles, type SourceFile } from './source-files.ts'

type Node = { type: string; start: number; [key: string]: unknown }
type Rule = { name: string; where: (file: string) => boolean; finds: (node: Node) => boolean }

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string'
const inPlatform = (file: string): boolean => file.startsWith('server/platform/')
const everywhere = (): boolean => true

/** `a.b(…)` as ['a', 'b'], `b(…)` as ['', 'b']. */
function callee(node: Node): [object: string, name: string] {
  const called = node['callee'] as Node
  if (called.type === 'Identifier') return ['', called['name'] as string]
  if (called.type !== 'MemberExpression') return ['', '']
  const [object, property] = [called['object'] as Node, called['property'] as Node]
  return [
    object.type === 'Identifier' ? (object['name'] as string) : '?',
    property.type === 'Identifier' ? (property['name'] as string) : '',
  ]
}
const calls = (node: Node): node is Node & { arguments: Node[] } => node.type === 'CallExpression'
const isText = (node: Node | undefined, pattern: RegExp): boolean =>
  node?.type === 'Literal' && pattern.test(String(node['value']))
/** A text, or a constant of the file, which is written in capitals. */
const isConstant = (node: Node | undefined): boolean =>
  node?.type === 'Literal' ||
  (node?.type === 'Identifier' && /^[A-Z_]+$/.test(String(node['name']))) ||
  (node?.type === 'TemplateLiteral' && (node['expressions'] as Node[]).length === 0)
const property = (node: Node, name: string, value: boolean): boolean =>
  node.type === 'Property' && (node['key'] as Node)['name'] === name && (node['value'] as Node)['value'] === value

const SECRET =
  /AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY-----\n\S|\bsk-[A-Za-z0-9]{32,}|\bghp_[A-Za-z0-9]{36}|\bxox[bp]-[0-9A-Za-z-]{20,}/
const SHELLS = new Set(['exec', 'execSync'])

const rules: Rule[] = [
  {
    name: 'a shell: use execFile or spawn with a list of arguments',
    where: everywhere,
    finds: (node) =>
      property(node, 'shell', true) ||
      (node.type === 'ImportDeclaration' &&
        isText(node['source'] as Node, /^(node:)?child_process$/) &&
        (node['specifiers'] as Node[]).some((one) => SHELLS.has(((one['imported'] ?? {}) as Node)['name'] as string))),
  },
  {
    name: 'raw SQL outside of the platform: bind values, name columns with sql.ref',
    where: (file) => !inPlatform(file),
    finds: (node) =>
      calls(node) &&
      ['raw', 'lit', 'unsafe'].includes(callee(node)[1]) &&
      callee(node)[0] === 'sql' &&
      !isConstant(node.arguments[0]),
  },
  {
    name: 'a query glued together from pieces outside of the platform',
    where: (file) => file.startsWith('server/') && !inPlatform(file) && !file.startsWith('server/test/'),
    finds: (node) =>
      calls(node) &&
      callee(node)[1] === 'query' &&
      node.arguments[0]?.type === 'TemplateLiteral' &&
      !isConstant(node.arguments[0]),
  },
  {
    name: 'a digest or cipher that is broken',
    where: everywhere,
    finds: (node) =>
      calls(node) &&
      /^create(Hash|Hmac|Cipheriv)$/.test(callee(node)[1]) &&
      isText(node.arguments[0], /^(md[245]|sha-?1|des|rc4|.*-ecb)$/i),
  },
  {
    name: 'randomness that can be guessed: use node:crypto',
    where: (file) => file.startsWith('server/') || file.startsWith('cli/'),
    finds: (node) => calls(node) && callee(node).join('.') === 'Math.random',
  },
  {
    name: 'TLS without verification',
    where: everywhere,
    finds: (node) => property(node, 'rejectUnauthorized', false) || isText(node, /^NODE_TLS_REJECT_UNAUTHORIZED$/),
  },
  { name: 'a key or token in the text', where: everywhere, finds: (node) => isText(node, SECRET) },
]

function* nodes(value: unknown): Generator<Node> {
  if (Array.isArray(value)) for (const one of value) yield* nodes(one)
  else if (isNode(value)) {
    yield value
    for (const [key, child] of Object.entries(value))
      if (key !== 'parent' && typeof child === 'object') yield* nodes(child)
  }
}

/** Which rules a file breaks, and on which lines. */
export function scan({ file, text }: SourceFile): { line: number; rule: string }[] {
  const { program, errors } = parseSync(file, text)
  if (errors.length > 0) throw new Error(`${file} cannot be parsed: ${errors[0]?.message}`)
  const lines = text.split('\n')
  const mine = rules.filter(({ where }) => where(file))
  return [...nodes(program)].flatMap((node) => {
    const line = text.slice(0, node.start).split('\n').length
    if (lines[line - 2]?.includes('security-ok:')) return []
    return mine.filter(({ finds }) => finds(node)).map(({ name }) => ({ line, rule: name }))
  })
}

if (import.meta.main) {
  const files = sourceFiles('{server,cli,launch,bench,proof}/**/*.ts', 100)
  const found = files.flatMap((file) => scan(file).map(({ line, rule }) => `${file.file}:${line} ${rule}`))
  for (const one of found) process.stderr.write(`${one}\n`)
  process.stdout.write(`${files.length} files against ${rules.length} rules, ${found.length} findings\n`)
  process.exitCode = found.length === 0 ? 0 : 1
}
