/** What a job costs, from enqueueing to done: processor time of either side, rows written, write-ahead log. */
import { setTimeout as sleep } from 'node:timers/promises'
import { readConfig } from '#config'
import { openInstallation, type Installation } from '#platform/database/installation.ts'
import { systemScope } from '#platform/database/system-scope.ts'
import { Shape } from '#platform/http/shapes.ts'
import { enqueue } from '#platform/jobs/enqueue.ts'
import { job, jobKind } from '#platform/jobs/job-kind.ts'
import { startWorker } from '#platform/jobs/worker.ts'
import { openLog, type Log } from '#platform/telemetry/log.ts'
import type { Ground } from './ground.ts'
import { cpuOfFamily } from './processes.ts'

const JOBS = 5_000
const PER_TRANSACTION = 50
const IDLE_S = 10

export type JobCost = {
  node_us: number
  postgres_us: number
  wal_bytes: number
  rows_inserted: number
  rows_updated: number
  rows_deleted: number
  per_s: number
}
export type JobCosts = {
  enqueue: JobCost
  run: JobCost
  /** A worker that finds nothing to do: processor time of a second, in thousandths of a core. */
  idle: { node: number; postgres: number }
}

const kind = jobKind({ name: 'bench.nothing', input: Shape({}), limits: { concurrency: 40, perTenant: 40 } })

type Reading = { at: number; node: number; postgres: number; wal: number; rows: [number, number, number] }

async function read({ admin, postmaster }: Ground): Promise<Reading> {
  // By then a backend that rests has reported what it wrote.
  await sleep(10_500)
  const { rows } = await admin.query<{ wal: string; ins: number; upd: number; del: number }>(
    `select pg_current_wal_insert_lsn() - '0/0' as wal, sum(n_tup_ins)::int as ins, sum(n_tup_upd)::int as upd,
            sum(n_tup_del)::int as del from pg_stat_user_tables where schemaname in ('control', 'jobs')`,
  )
  const [row] = rows
  const { user, system } = process.cpuUsage()
  const written: Reading['rows'] = [row!.ins, row!.upd, row!.del]
  return {
    at: performance.now(),
    node: user + system,
    postgres: cpuOfFamily(postmaster),
    wal: Number(row!.wal),
    rows: written,
  }
}

function costOf(before: Reading, after: Reading, seconds: number): JobCost {
  const rows = after.rows.map((value, i) => (value - before.rows[i]!) / JOBS)
  return {
    node_us: (after.node - before.node) / JOBS,
    postgres_us: ((after.postgres - before.postgres) * 1000) / JOBS,
    wal_bytes: (after.wal - before.wal) / JOBS,
    ...{ rows_inserted: rows[0]!, rows_updated: rows[1]!, rows_deleted: rows[2]! },
    per_s: JOBS / seconds,
  }
}

async function enqueueAll({ database }: Installation, tenantIds: readonly string[]): Promise<void> {
  for (let n = 0; n < JOBS; n += PER_TRANSACTION) {
    const tenantId = tenantIds[(n / PER_TRANSACTION) % tenantIds.length]!
    await database.write(systemScope(tenantId, 'bench'), async (work) => {
      for (let i = 0; i < PER_TRANSACTION; i++) await enqueue(work, kind, {})
    })
  }
}

async function runAll(installation: Installation, log: Log, ground: Ground): Promise<[JobCost, JobCosts['idle']]> {
  let left = JOBS
  const over = Promise.withResolvers<void>()
  const done = job(kind, {
    run: () => {
      if (--left === 0) over.resolve()
      return Promise.resolve()
    },
  })
  const before = await read(ground)
  const start = performance.now()
  const worker = await startWorker({ ...installation, log }, { jobs: [done], schedules: [], slots: 40 })
  await over.promise
  const seconds = (performance.now() - start) / 1000
  const after = await read(ground)
  await sleep(IDLE_S * 1000)
  const idle = await read(ground)
  await worker.stop(1_000)
  const span = idle.at - after.at
  return [
    costOf(before, after, seconds),
    { node: (idle.node - after.node) / span, postgres: ((idle.postgres - after.postgres) / span) * 1000 },
  ]
}

export async function measureJobs(ground: Ground): Promise<JobCosts> {
  const config = readConfig({ DATABASE_URL: ground.adminUrl, OFFICINA_HOME: ground.home, LOG_LEVEL: 'silent' })
  const log = openLog(config)
  const installation = await openInstallation(config, log, { migrate: false })
  try {
    const { rows } = await ground.admin.query<{ id: string }>(`select id from control.tenants order by id limit 10`)
    const tenantIds = rows.map(({ id }) => id)
    const before = await read(ground)
    const start = performance.now()
    await enqueueAll(installation, tenantIds)
    const seconds = (performance.now() - start) / 1000
    const after = await read(ground)
    const [run, idle] = await runAll(installation, log, ground)
    return { enqueue: costOf(before, after, seconds), run, idle }
  } finally {
    await installation.close()
  }
}
