import { sql } from 'kysely'
import { Shape } from '#platform/http/shapes.ts'
import { job, jobKind, type Job } from '#platform/jobs/job-kind.ts'
import { schedule, type Schedule } from '#platform/jobs/schedule.ts'
import type { SilenceWork } from '../tables.ts'
import { isSameSilence } from './alarm.ts'
import { ANOMALY } from './detector.ts'
import { endSilences, OPEN_END } from './end-silences.ts'
import { silenceCause, unpackPulse } from './silence.ts'
import { beginAlarms, type KnownAlarm, knownColumns, type NewAlarm, updateAlarms } from './write-alarms.ts'

/** Sensors per transaction: what is sent to them waits that long. */
const BATCH = 500
/** Three rounds: who did not look for longer did not listen either, or its clock has jumped ahead. */
const NOT_LISTENED_MS = 15 * 60_000
const DECOMMISSIONED = 'Decommissioned'

/** How long nobody listened before this round, in milliseconds; null in the first of a company. */
async function listened({ db, tenantId, now }: SilenceWork): Promise<number | null> {
  const { rows } = await sql<{ checked_at: Date }>`
    select checked_at from silence_watches where tenant_id = ${tenantId} for update`.execute(db)
  await sql`
    insert into silence_watches (tenant_id, checked_at) values (${tenantId}, ${now})
    on conflict (tenant_id) do update set checked_at = excluded.checked_at`.execute(db)
  return rows[0] === undefined ? null : now.getTime() - new Date(rows[0].checked_at).getTime()
}

/** Gives all that were or came due meanwhile the time back. Locked in the order of ids, as ingest does. */
async function postpone({ db, tenantId, now }: SilenceWork, ms: number): Promise<void> {
  await sql`
    with due as (select sensor_id from sensor_states
                  where tenant_id = ${tenantId} and overdue_ms <= ${now.getTime() + ms} order by sensor_id for update)
    update sensor_states st set overdue_ms = st.overdue_ms + ${ms}::bigint
      from due where st.tenant_id = ${tenantId} and st.sensor_id = due.sensor_id`.execute(db)
}

type Overdue = { sensor_id: string; plant_id: string; last_value: number; pulse: Buffer | null; awaited: boolean }

/** The next that are overdue. One that a request holds just now may be speaking: it is looked at in the next round. */
async function lockOverdue({ db, tenantId, now }: SilenceWork): Promise<Overdue[]> {
  const { rows } = await sql<Overdue>`
    select st.sensor_id, st.plant_id, st.last_value, st.pulse,
           s.deleted_at is null and p.deleted_at is null and p.status <> ${DECOMMISSIONED} as awaited
      from sensor_states st
      join sensors s on s.tenant_id = ${tenantId} and s.id = st.sensor_id
      join plants p on p.tenant_id = ${tenantId} and p.id = st.plant_id
     where st.tenant_id = ${tenantId} and st.overdue_ms <= ${now.getTime()}
     order by st.overdue_ms limit ${BATCH} for update of st skip locked`.execute(db)
  return rows
}

type KnownSilence = KnownAlarm & { silent_ms: number }

/** The last alarm of missing data of each. */
async function lastSilences({ db, tenantId, now }: SilenceWork, sensorIds: readonly string[]) {
  const { rows } = await sql<KnownAlarm>`
    select ${knownColumns(now)}
      from unnest(${sensorIds}::uuid[]) as k(sensor_id)
     cross join lateral (select * from anomalies x where x.tenant_id = ${tenantId} and x.sensor_id = k.sensor_id
                            and x.silent_since is not null order by x.last_at desc limit 1) as a`.execute(db)
  return new Map(rows.map((row) => [row.sensor_id, row]))
}

function silenceOf(
  { sensor_id, plant_id, last_value, pulse }: Overdue,
  nowMs: number,
): NewAlarm & { silent_ms: number } {
  const { good_ms, usual_ms } = unpackPulse(pulse)
  return {
    ...{ sensor_id, plant_id, started_ms: good_ms, silent_ms: good_ms, last_ms: Math.max(nowMs, good_ms) },
    ...{ readings: 0, occurrences: 1, peak_score: ANOMALY, peak_ms: nowMs, peak_value: last_value },
    ...{ causes: [silenceCause(last_value, usual_ms)], acknowledged: false },
  }
}

/** The same silence once more: who was told of it is not told again. */
async function reopen(work: SilenceWork, again: readonly KnownSilence[]): Promise<void> {
  if (again.length === 0) return
  await updateAlarms(work, again, OPEN_END)
  await sql`
    update anomalies a set silent_since = to_timestamp(r.silent_ms / 1000)
      from jsonb_to_recordset(${JSON.stringify(again)}::jsonb) as r(id uuid, silent_ms float8)
     where a.tenant_id = ${work.tenantId} and a.id = r.id`.execute(work.db)
}

/** Silences of sensors that were hidden, or whose plant was hidden or decommissioned, since they were told. */
async function forget(work: SilenceWork): Promise<void> {
  const { db, tenantId } = work
  const { rows } = await sql<{ sensor_id: string }>`
    select st.sensor_id from sensor_states st
      join sensors s on s.tenant_id = ${tenantId} and s.id = st.sensor_id
      join plants p on p.tenant_id = ${tenantId} and p.id = st.plant_id
     where st.tenant_id = ${tenantId} and st.silent
       and (s.deleted_at is not null or p.deleted_at is not null or p.status = ${DECOMMISSIONED})
     order by st.sensor_id limit ${BATCH} for update of st skip locked`.execute(db)
  if (rows.length === 0) return
  const ids = rows.map(({ sensor_id }) => sensor_id)
  await endSilences(work, ids)
  await sql`update sensor_states set silent = false where tenant_id = ${tenantId} and sensor_id = any (${ids}::uuid[])`.execute(
    db,
  )
}

/**
 * Tells of sensors from which a reading is overdue by the clock, each silence once, and answers whether there may be more. Where nobody
 * listened (the service was down, the company suspended, the clock has jumped) that time is nobody's silence.
 */
export async function recordSilences(work: SilenceWork): Promise<boolean> {
  const paused = await listened(work)
  await forget(work)
  if (paused === null) return false
  if (paused > NOT_LISTENED_MS) {
    await postpone(work, paused)
    return false
  }
  const { db, tenantId, now } = work
  const due = await lockOverdue(work)
  if (due.length === 0) return false
  const awaited = due.filter((one) => one.awaited)
  const known = await lastSilences(
    work,
    awaited.map(({ sensor_id }) => sensor_id),
  )
  const begun: NewAlarm[] = []
  const again: KnownSilence[] = []
  for (const one of awaited) {
    const silence = silenceOf(one, now.getTime())
    const before = known.get(one.sensor_id)
    if (before === undefined || !isSameSilence(before, silence.silent_ms)) begun.push(silence)
    else {
      const { last_ms, peak_ms, peak_value, causes, silent_ms } = silence
      again.push({ ...before, last_ms, peak_ms, peak_value, causes, silent_ms, occurrences: before.occurrences + 1 })
    }
  }
  await reopen(work, again)
  await beginAlarms(work, begun, OPEN_END)
  await sql`
    update sensor_states st set overdue_ms = null, silent = r.awaited
      from jsonb_to_recordset(${JSON.stringify(due.map(({ sensor_id, awaited: silent }) => ({ sensor_id, awaited: silent })))}::jsonb)
           as r(sensor_id uuid, awaited boolean)
     where st.tenant_id = ${tenantId} and st.sensor_id = r.sensor_id`.execute(db)
  return due.length === BATCH
}

const silenceKind = jobKind({
  name: 'silences.record',
  input: Shape({}),
  limits: { seconds: 60, concurrency: 2, perTenant: 1, priority: -10 },
})

export const silenceJobs: readonly Job[] = [
  job(silenceKind, { run: async (work) => ((await recordSilences(work)) ? { next: {} } : undefined) }),
]
export const silenceSchedules: readonly Schedule[] = [
  schedule({
    ...{ name: 'silences.record', cron: '*/5 * * * *', zone: 'Etc/UTC', per: 'tenant', catchUp: 'one' },
    ...{ kind: silenceKind, input: () => ({}) },
  }),
]
