/**
 * `npm run check [-- --fast]`: types, lint, format, dead code, generated files, licences and a static security scan. Each
 * stage must say how many files it saw: a check that looked at nothing fails. --fast leaves out what starts a database or
 * reads the whole tree twice; the pre-commit hook runs that.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const bin = (name: string): string => join(root, 'node_modules/.bin', name)
const script = (name: string, ...args: string[]): string[] => [
  process.execPath,
  join(import.meta.dirname, name),
  ...args,
]

/** `saw` finds in the output how many things were looked at; `least` is a number that a working check exceeds. */
type Stage = { name: string; command: string[]; saw: RegExp; least: number; fast: boolean }

const stages: Stage[] = [
  {
    name: 'types',
    command: [bin('tsc'), '-p', '.', '--extendedDiagnostics'],
    saw: /^Files:\s+(\d+)/m,
    least: 100,
    fast: true,
  },
  { name: 'lint', command: [bin('oxlint')], saw: /on (\d+) files/, least: 100, fast: true },
  { name: 'format', command: [bin('oxfmt'), '--check'], saw: /on (\d+) files/, least: 100, fast: true },
  { name: 'security scan', command: script('check-security.ts'), saw: /^(\d+) files/m, least: 100, fast: true },
  { name: 'documented', command: script('check-documented.ts'), saw: /^(\d+) files/m, least: 40, fast: true },
  { name: 'licences', command: script('check-licences.ts'), saw: /^(\d+) packages/m, least: 100, fast: false },
  {
    name: 'dead code',
    command: [bin('knip'), '--no-progress', '--performance'],
    saw: /^getImportsAndExports +(\d+)/m,
    least: 100,
    fast: false,
  },
  {
    name: 'generated files',
    command: script('generate.ts', '--check'),
    saw: /^(\d+) files are/m,
    least: 4,
    fast: false,
  },
]

function run([program, ...args]: string[]): Promise<{ code: number; output: string }> {
  const child = spawn(program!, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const hear = (chunk: Buffer): void => void (output += chunk.toString())
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code: code ?? 1, output }))
  })
}

async function check({ name, command, saw, least }: Stage): Promise<boolean> {
  const start = performance.now()
  if (!existsSync(command[0]!)) throw new Error(`${command[0]} is not installed: run npm ci`)
  const { code, output } = await run(command)
  const found = saw
    .exec(output)
    ?.slice(1)
    .find((text) => text !== undefined)
  const enough = Number(found ?? 0) >= least
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  if (code === 0 && enough) {
    process.stdout.write(`✔ ${name} (saw ${found}, ${seconds} s)\n`)
    return true
  }
  process.stdout.write(`✖ ${name} (${seconds} s)\n${output}\n`)
  if (!enough) process.stdout.write(`  it saw ${found ?? 'nothing'}, and ${least} is the least\n`)
  return false
}

const wanted = stages.filter(({ fast }) => fast || !process.argv.includes('--fast'))
let good = true
for (const stage of wanted) good = (await check(stage)) && good
process.exitCode = good ? 0 : 1
