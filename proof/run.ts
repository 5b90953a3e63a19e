/**
 * `npm run proof -- <name> [--option value …]`: promises that hold while processes are killed with -9, counted. Ends with 1
 * where one does not hold. Without a name it lists them.
 */
import { parseArgs } from 'node:util'
import type { Finding, Proof } from './proof.ts'

const PROOFS: Record<string, () => Promise<{ default: Proof }>> = {
  events: () => import('./events.ts'),
  move: () => import('./move.ts'),
  readings: () => import('./readings.ts'),
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)

const optionsOf = ({ options }: Proof, args: string[]): Record<string, string> => {
  const known = Object.fromEntries(Object.keys(options).map((name) => [name, { type: 'string' as const }]))
  const { values } = parseArgs({ args, options: known })
  return { ...options, ...(values as Record<string, string>) }
}

const line = ({ promise, found, holds }: Finding): string => `${holds ? '✔' : '✖'} ${promise}: ${found}`

async function list(): Promise<void> {
  for (const [name, load] of Object.entries(PROOFS)) {
    const { default: one } = await load()
    const options = Object.entries(one.options).map(([option, value]) => `--${option} ${value}`)
    say(`${name}: ${one.says}\n    ${options.join(' ')}`)
  }
}

const [name, ...args] = process.argv.slice(2)
const load = PROOFS[name ?? '']
if (load === undefined) {
  await list()
  process.exitCode = name === undefined ? 0 : 2
} else {
  const { default: chosen } = await load()
  const started = performance.now()
  const findings = await chosen.run(optionsOf(chosen, args), say)
  for (const finding of findings) say(line(finding))
  const broken = findings.filter(({ holds }) => !holds).length
  const seconds = Math.round((performance.now() - started) / 1000)
  say(`${findings.length - broken} of ${findings.length} promises hold (${seconds} s)`)
  process.exitCode = findings.length > 0 && broken === 0 ? 0 : 1
}
