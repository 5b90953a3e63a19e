import { sql } from 'kysely'
import type { Static } from 'typebox'
import { Id, Shape, Timestamp } from '#platform/http/shapes.ts'
import { enqueue } from '#platform/jobs/enqueue.ts'
import { job, jobKind, type Job } from '#platform/jobs/job-kind.ts'
import type { SilenceWork } from '../tables.ts'
import { tellAnomaly, tellShelved, tellUnshelved } from './events.ts'
import { getAnomaly } from './list-anomalies.ts'
import { anomalyRefusals } from './refusals.ts'
import type { Anomaly, Shelving } from './schemas.ts'
import { type KnownAlarm, knownColumns } from './write-alarms.ts'

const SHORTEST_MS = 60_000
const LONGEST_MS = 30 * 86_400_000
/** A request for thirty days from now was underway for a moment. */
const MOMENT_MS = 60_000

const shelfKind = jobKind({ name: 'anomalies.unshelve', input: Shape({ anomaly_id: Id, until: Timestamp }) })

function endOf({ until, duration_s }: Static<typeof Shelving>, now: Date): Date {
  if ((until === undefined) === (duration_s === undefined)) throw anomalyRefusals.refuse('anomalies.shelf_without_end')
  const end = until === undefined ? now.getTime() + duration_s! * 1000 : Date.parse(until)
  const length = end - now.getTime()
  if (length < SHORTEST_MS || length > LONGEST_MS + MOMENT_MS) {
    const message = 'must be from a minute to 30 days from now'
    const field = until === undefined ? 'duration_s' : 'until'
    throw anomalyRefusals.refuse('anomalies.shelf_too_long', { details: [{ field, message }] })
  }
  return new Date(end)
}

/** Whoever writes readings of the sensor, or tells its silence, waits: it is shelved before or after, not in between. */
async function lockState({ db, tenantId }: SilenceWork, sensorId: string): Promise<void> {
  await sql`select from sensor_states where tenant_id = ${tenantId} and sensor_id = ${sensorId} for update`.execute(db)
}

/**
 * Shelves an alarm (ISA-18.2), and with it all of its sensor: those that go on, and those that begin meanwhile, which are written and told to
 * nobody. It ends by itself. A second time sets another end.
 */
export async function shelveAnomaly(work: SilenceWork, id: string, asked: Static<typeof Shelving>): Promise<Anomaly> {
  const { db, tenantId, now, actor } = work
  const { plant_id, sensor_id } = await getAnomaly(work, id)
  const until = endOf(asked, now)
  await lockState(work, sensor_id)
  await sql`
    update anomalies set shelved_until = ${until}, shelved_at = ${now}, shelved_by = ${actor.id}, shelve_reason = ${asked.reason},
           revision = revision + 2, updated_at = ${now}
     where tenant_id = ${tenantId} and sensor_id = ${sensor_id}
       and (id = ${id} or active_until > ${now} or shelved_until is not null)`.execute(db)
  const shelved_until = until.toISOString()
  await enqueue(work, shelfKind, { anomaly_id: id, until: shelved_until }, { runAt: until })
  const entry = { action: 'anomalies.shelved', resource: 'anomaly', resource_id: id, plant_id }
  const told = tellShelved({ id, sensor_id, plant_id }, shelved_until)
  work.record({ ...entry, after: { shelved_until, shelve_reason: asked.reason } }, told)
  return getAnomaly(work, id)
}

/** Ends it before its time; where nothing is shelved nothing changes. */
export async function unshelveAnomaly(work: SilenceWork, id: string): Promise<Anomaly> {
  const alarm = await getAnomaly(work, id)
  if (alarm.shelved_until === null) return alarm
  await endShelf(work, alarm, false)
  return getAnomaly(work, id)
}

type Of = { id: string; sensor_id: string; plant_id: string }

/** What began meanwhile and goes on is told now; of what nobody was told and is over nobody is told any more. */
async function endShelf(work: SilenceWork, { id, sensor_id, plant_id }: Of, expired: boolean): Promise<void> {
  const { db, tenantId, now } = work
  await lockState(work, sensor_id)
  const { rows } = await sql<KnownAlarm>`
    with ended as (
      update anomalies set shelved_until = null, shelved_at = null, shelved_by = null, shelve_reason = null,
             revision = revision + 2, updated_at = ${now}
       where tenant_id = ${tenantId} and sensor_id = ${sensor_id} and shelved_until is not null)
    select ${knownColumns(now)} from anomalies a
     where a.tenant_id = ${tenantId} and a.sensor_id = ${sensor_id} and a.held and a.active_until > ${now}
       and a.shelved_until is not null`.execute(db)
  await sql`update anomalies set held = false where tenant_id = ${tenantId} and id = any (${rows.map((row) => row.id)}::uuid[])`.execute(
    db,
  )
  const entry = { action: 'anomalies.unshelved', resource: 'anomaly', resource_id: id, plant_id }
  work.record({ ...entry, after: { expired } }, tellUnshelved({ id, sensor_id, plant_id }, expired))
  for (const row of rows) work.announce(tellAnomaly(row))
}

/** Whoever set another end meanwhile has asked for a job of its own. */
async function expireShelf(work: SilenceWork, anomalyId: string, until: string): Promise<void> {
  const { rows } = await sql<Of>`
    select id, sensor_id, plant_id from anomalies
     where tenant_id = ${work.tenantId} and id = ${anomalyId} and shelved_until = ${until}`.execute(work.db)
  if (rows[0] !== undefined) await endShelf(work, rows[0], true)
}

export const shelfJobs: readonly Job[] = [
  job(shelfKind, { run: (work, { anomaly_id, until }) => expireShelf(work, anomaly_id, until) }),
]
