import { sql } from 'kysely'
import { Gauge, type Registry } from 'prom-client'
import type { CustodyDoor, EdgeCustody } from '../database/custody.ts'
import type { Log } from '../telemetry/log.ts'

type Depth = { kind: string; state: string; jobs: number; age: number }

/** How many jobs are unfinished or dead, and for how long the oldest has been due, by kind: never by tenant. */
export function measureJobs(registry: Registry, custody: CustodyDoor, log: Log): void {
  let looking: Promise<Depth[]> | undefined
  /** Once for both, which are collected at the same time. */
  const look = (): Promise<Depth[]> =>
    (looking ??= custody
      .run(depths)
      .catch((error: unknown): Depth[] => {
        log.warn({ err: error }, 'jobs were not counted')
        return []
      })
      .finally(() => (looking = undefined)))
  const depth = new Gauge({
    ...{ name: 'jobs_unfinished', help: 'Jobs that are not done, by kind and state; failed ones are dead' },
    ...{ labelNames: ['kind', 'state'], registers: [] },
    async collect() {
      const rows = await look()
      this.reset()
      for (const { kind, state, jobs } of rows) this.set({ kind, state }, jobs)
    },
  })
  const age = new Gauge({
    ...{ name: 'jobs_oldest_waiting_seconds', help: 'For how long the oldest waiting job of a kind has been due' },
    ...{ labelNames: ['kind'], registers: [] },
    async collect() {
      const rows = await look()
      this.reset()
      for (const row of rows) if (row.state === 'waiting') this.set({ kind: row.kind }, Math.max(0, row.age))
    },
  })
  registry.registerMetric(depth)
  registry.registerMetric(age)
}

/** Each part reads an index that holds only such rows. */
const depthsOf = (state: string) => sql`
  select kind, ${sql.lit(state)} as state, count(*)::int as jobs, extract(epoch from now() - min(run_at))::float8 as age
    from control.jobs where state = ${sql.lit(state)} group by kind`

async function depths({ db }: EdgeCustody): Promise<Depth[]> {
  const parts = ['delayed', 'waiting', 'admitted', 'failed'].map(depthsOf)
  const { rows } = await sql<Depth>`${sql.join(parts, sql` union all `)}`.execute(db)
  return rows
}
