/**
 * Jobs over three workers, of which some are killed in the middle, and PostgreSQL as well: each effect exactly once, each job
 * ends. Few of them in CI; by hand `PROOF_JOBS=10000 npm test -- journeys/jobs`.
 */
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { systemScope } from '#platform/database/system-scope.ts'
import type { Installation } from '#platform/database/installation.ts'
import { enqueue } from '#platform/jobs/enqueue.ts'
import { directly, makeTenant } from './directly.ts'
import { effectKind, reachKind } from './proof-jobs.ts'
import { newHome, postmasterOf, run, start, type Running, type Spawned } from './release.ts'

const JOBS = Number(process.env['PROOF_JOBS'] ?? 400)
const LARGE = JOBS > 1_000
const WORKERS = 3

type Counts = { unfinished: number; completed: number; effects: number; distinct: number; wrong: number }

const count = (home: string): Promise<Counts> =>
  directly(home, ({ custody }) =>
    custody.run(async ({ db }) => {
      const { rows } = await sql<Counts>`
        with effect as (select resource_id, count(*) as n from shared.audit where action = 'proof.effect' group by 1)
        select count(*) filter (where finished_at is null)::int as unfinished,
               count(*) filter (where state = 'completed')::int as completed,
               (select coalesce(sum(n), 0)::int from effect) as effects, (select count(*)::int from effect) as distinct,
               count(*) filter (where kind = 'proof.effect' and state = 'completed'
                                  and not exists (select from effect e where e.resource_id = j.id))::int as wrong
          from control.jobs j where kind like 'proof.%'`.execute(db)
      return rows[0]!
    }),
  )

async function enqueueAll({ database }: Installation, tenants: string[], file: string): Promise<void> {
  for (let n = 0; n < JOBS; n += 100) {
    const tenant = tenants[(n / 100) % tenants.length]!
    await database.write(systemScope(tenant, 'proof'), async (work) => {
      for (let i = n; i < Math.min(n + 100, JOBS); i++) {
        await (i % 20 === 19 ? enqueue(work, reachKind, { file }) : enqueue(work, effectKind, { n: i }))
      }
    })
  }
}

/** Three workers; one that ends is started again, as a supervisor would. */
function supervise(home: string): { kill: () => void; stop: () => Promise<unknown> } {
  let stopping = false
  const workers: Spawned[] = []
  const keep = (place: number): void => {
    const spawned = run('server/test/journeys/proof-worker.ts', home, [], { OFFICINA_WORKER: 'on' })
    workers[place] = spawned
    void spawned.exit.then(() => sleep(200)).then(() => (stopping ? undefined : keep(place)))
  }
  for (let place = 0; place < WORKERS; place++) keep(place)
  return {
    kill: () => void workers[randomInt(WORKERS)]!.child.kill('SIGKILL'),
    stop: () => {
      stopping = true
      for (const { child } of workers) child.kill('SIGTERM')
      return Promise.all(workers.map(({ exit }) => exit))
    },
  }
}

async function killPostgres(home: string, running: Running): Promise<Running> {
  process.kill(postmasterOf(home), 'SIGKILL')
  await running.exit
  return start(home, { OFFICINA_WORKER: 'off' })
}

/** Resolves when so many are done, or all. */
async function until(home: string, done: (counts: Counts) => boolean): Promise<void> {
  for (;;) {
    const counts = await count(home).catch(() => null)
    if (counts !== null && done(counts)) return
    await sleep(300)
  }
}

test(
  `${JOBS} jobs over three workers, with kill -9 of workers and PostgreSQL: each effect exactly once, each job ends`,
  { timeout: LARGE ? 3_600_000 : 115_000 },
  async (t) => {
    const home = newHome()
    const file = join(home, 'reached')
    let running = await start(home, { OFFICINA_WORKER: 'off' })
    await directly(home, async (installation) => {
      const tenants = await Promise.all([1, 2, 3].map(() => makeTenant(installation, 'shared')))
      await enqueueAll(installation, tenants, file)
    })
    const begun = performance.now()
    const workers = supervise(home)
    // Each in the middle of the work: after a third of it a worker, after two thirds PostgreSQL too.
    const rounds = LARGE ? 6 : 2
    for (let round = 1; round <= rounds; round++) {
      await until(home, ({ completed }) => completed >= (JOBS * round) / (rounds + 2))
      workers.kill()
      if (round % 2 === 0) running = await killPostgres(home, running)
    }
    await until(home, ({ unfinished }) => unfinished === 0)
    const seconds = (performance.now() - begun) / 1000
    const counts = await count(home)
    const reached = readFileSync(file, 'utf8').trim().split('\n')
    t.diagnostic(
      `${seconds.toFixed(1)} s, ${(JOBS / seconds).toFixed(0)} jobs a second, kills included; ${reached.length} calls outside for ${new Set(reached).size} jobs`,
    )
    await workers.stop()
    const outside = Math.floor(JOBS / 20)
    assert.deepEqual(counts, {
      ...{ unfinished: 0, completed: JOBS, wrong: 0 },
      ...{ effects: JOBS - outside, distinct: JOBS - outside },
    })
    assert.equal(new Set(reached).size, outside, 'what is outside was called for each of them')
    assert.deepEqual(await running.stop(), { code: 0, signal: null })
  },
)
