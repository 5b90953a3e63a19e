import { CompiledQuery } from 'kysely'
import { PgBoss } from 'pg-boss'
import type { CustodyDoor, EdgeCustody } from '../database/custody.ts'
import type { Log } from '../telemetry/log.ts'
import type { JobKind } from './job-kind.ts'

/** How often a worker says that it lives, and after how long without a word its jobs are another's. */
export const HEARTBEAT_MS = 4_000
const LOST_AFTER_S = 12
/** A worker ends what takes too long itself; this is for one that cannot. */
const BEYOND_LIMIT_S = 30
const LOOK_EVERY_S = 3

export type Admitted = { id: string; tenant_id: string | null; kind: string; delivery: string }

/** From admission to a worker: each delivery to one worker, until that is not heard of any more. The engine is pg-boss. */
export type Delivery = {
  readonly hand: (custody: EdgeCustody, kind: JobKind, rows: readonly Admitted[]) => Promise<void>
  /** Takes at most so many; they are this worker's from the commit on. */
  readonly take: (custody: EdgeCustody, kind: string, most: number) => Promise<string[]>
  readonly heartbeat: (custody: EdgeCustody, kind: string, deliveries: string[]) => Promise<void>
  readonly drop: (custody: EdgeCustody, kind: string, deliveries: string[]) => Promise<void>
  readonly stop: () => Promise<void>
}

type Rows = { rows: unknown[] }

/** The statements of pg-boss in the transaction that custody has open. */
const within = ({ db }: EdgeCustody) => ({
  db: {
    executeSql: (text: string, values: unknown[] = []) =>
      db.executeQuery(CompiledQuery.raw(text, values)) as Promise<Rows>,
  },
})

/** By themselves, as the custody role: some bring their own transaction, so they cannot run in one. */
const alone = (custody: CustodyDoor) => ({
  executeSql: (text: string, values: unknown[] = []): Promise<Rows> =>
    custody.session(async (client) => {
      await client.query('set role officina_custody')
      const result = await client.query(text, values)
      await client.query('reset role')
      return result
    }),
})

/** Its tables are made by migrations; a retry is never its business, so that there is one count of attempts: ours. */
export async function openDelivery(custody: CustodyDoor, kinds: readonly JobKind[], log: Log): Promise<Delivery> {
  const boss = new PgBoss({
    ...{ db: alone(custody), schema: 'jobs', migrate: false, createSchema: false, schedule: false, reindex: false },
    ...{ superviseIntervalSeconds: LOOK_EVERY_S, monitorIntervalSeconds: LOOK_EVERY_S, monitorVacuum: false },
    ...{ maintenanceIntervalSeconds: 3600, flowIntervalSeconds: 3600, queueCacheIntervalSeconds: 3600 },
  })
  boss.on('error', (error) => log.warn({ err: error }, 'the delivery of jobs met an error'))
  boss.on('warning', ({ message }) => log.warn({ said: message }, 'the delivery of jobs warns'))
  await boss.start()
  for (const { name } of kinds) await boss.createQueue(name)
  return {
    hand: async (work, { name, limits }, rows) => {
      const expireInSeconds = Math.ceil(limits.seconds) + BEYOND_LIMIT_S
      const made = { retryLimit: 0, heartbeatSeconds: LOST_AFTER_S, expireInSeconds }
      await boss.insert(
        name,
        rows.map(({ delivery }) => ({ id: delivery, ...made })),
        within(work),
      )
    },
    take: async (work, kind, most) =>
      (await boss.fetch(kind, { batchSize: most, ...within(work) })).map(({ id }) => id),
    heartbeat: async (work, kind, deliveries) => void (await boss.touch(kind, deliveries, within(work))),
    drop: async (work, kind, deliveries) => void (await boss.deleteJob(kind, deliveries, within(work))),
    stop: () => boss.stop({ graceful: false, close: false }),
  }
}
