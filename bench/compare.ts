/** Officina and the ceiling, round about, so that each ratio is of two neighbouring rounds on the same machine state. */
import { cpuOf, cpuOfFamily, settled, type Asked, type Load, type Operation, type Server } from './processes.ts'
import type { Ground } from './ground.ts'
import { spread, table } from './table.ts'

const CONNECTIONS = 16
/** Officina has more code for the compiler: its first 15,000 requests cost up to twice as much. A minute at most. */
const WARM_UP_REQUESTS = 15_000
const WARM_UP_S = 60

export type Measured = {
  server_ms: number
  postgres_ms: number
  rps: number
  p50_ms: number
  p99_ms: number
  bad: number
}
type Rounds = { officina: Measured[]; ceiling: Measured[]; 'ceiling + trail'?: Measured[] }
export type Comparison = Record<Operation, Rounds>

async function measure(
  load: Load,
  server: Server,
  ground: Ground,
  operation: Asked,
  seconds: number,
): Promise<Measured> {
  const before = [cpuOf(server.pid), cpuOfFamily(ground.postmaster)] as const
  const {
    requests,
    bad,
    firstBad,
    seconds: took,
    p50_ms,
    p99_ms,
  } = await load.run({ port: server.port, operation, seconds, connections: CONNECTIONS })
  const after = [cpuOf(server.pid), cpuOfFamily(ground.postmaster)] as const
  if (bad > 0)
    process.stderr.write(
      `${server.name}, ${operation}: ${bad} of ${requests} were not answered well; the first:\n${firstBad}\n`,
    )
  const per = (ms: number): number => ms / requests
  return {
    server_ms: per(after[0] - before[0]),
    postgres_ms: per(after[1] - before[1]),
    rps: requests / took,
    p50_ms,
    p99_ms,
    bad,
  }
}

/** By requests and not by time alone: on a busy machine they take longer. */
async function warmUp(load: Load, server: Server, ground: Ground, operation: Asked): Promise<void> {
  const until = performance.now() + WARM_UP_S * 1000
  for (let made = 0; made < WARM_UP_REQUESTS && performance.now() < until;) {
    made += (await measure(load, server, ground, operation, 4)).rps * 4
  }
}

export type CompareOptions = { rounds: number; seconds: number; operations: Operation[] }

export async function compare(load: Load, officina: Server, ceiling: Server, ground: Ground, options: CompareOptions) {
  const result = {} as Comparison
  await settled(officina)
  for (const operation of options.operations) {
    for (const server of [officina, ceiling]) await warmUp(load, server, ground, operation)
    const rounds: Rounds = (result[operation] = { officina: [], ceiling: [] })
    const trail: Measured[] | undefined = operation === 'create' ? (rounds['ceiling + trail'] = []) : undefined
    if (trail) await warmUp(load, ceiling, ground, 'create_with_trail')
    for (let round = 0; round < options.rounds; round += 1) {
      await ground.sweep()
      rounds.officina.push(await measure(load, officina, ground, operation, options.seconds))
      await ground.sweep()
      rounds.ceiling.push(await measure(load, ceiling, ground, operation, options.seconds))
      await ground.sweep()
      trail?.push(await measure(load, ceiling, ground, 'create_with_trail', options.seconds))
    }
    await ground.sweep()
  }
  return result
}

const total = (one: Measured): number => one.server_ms + one.postgres_ms

export type Ratios = { server: number[]; total: number[] }
export function ratiosOf(rounds: readonly Measured[], below: readonly Measured[]): Ratios {
  const by = (cost: (one: Measured) => number): number[] => rounds.map((one, round) => cost(one) / cost(below[round]!))
  return { server: by((one) => one.server_ms), total: by(total) }
}

export function comparisonTables(comparison: Comparison): string {
  const rows: string[][] = []
  const ratios: string[][] = []
  for (const [operation, both] of Object.entries(comparison)) {
    for (const [name, rounds] of Object.entries(both)) {
      const column = (of: (one: Measured) => number, digits: number): string => spread(rounds.map(of), digits)
      const bad = rounds.reduce((sum, one) => sum + one.bad, 0)
      const costs = [column((one) => one.server_ms, 3), column((one) => one.postgres_ms, 3)]
      const speed = [column((one) => one.rps, 0), column((one) => one.p50_ms, 1), column((one) => one.p99_ms, 1)]
      rows.push([operation, name, ...costs, ...speed, String(bad)])
    }
    const { officina, ceiling, 'ceiling + trail': trail } = both
    const ratio = (name: string, above: Measured[], below: Measured[]): void => {
      const { server, total: both2 } = ratiosOf(above, below)
      ratios.push([operation, name, spread(server), spread(both2)])
    }
    ratio('officina / ceiling', officina, ceiling)
    if (trail) ratio('officina / ceiling + trail', officina, trail)
    if (trail) ratio('ceiling + trail / ceiling', trail, ceiling)
  }
  return [
    table(['operation', 'server', 'server ms/req', 'PostgreSQL ms/req', 'req/s', 'p50 ms', 'p99 ms', 'bad'], rows),
    '',
    table(['operation', 'ratio of the same round', 'server CPU', 'server + PostgreSQL CPU'], ratios),
  ].join('\n')
}
