import { sql } from 'kysely'
import type { EdgeCustody } from '../database/custody.ts'
import { knownTimeZone } from '../tenancy/tenant-day.ts'
import { workingTenants } from '../tenancy/working-tenants.ts'
import { insertJob } from './enqueue.ts'
import { decide, nextDue, TENANT_ZONE, type Schedule } from './schedule.ts'

/** Schedules dealt with in one transaction of the dispatcher. */
const AT_ONCE = 100

const declaredAs = ({ cron, edition }: Schedule): string => JSON.stringify([cron, edition ?? null])
/** Unfinished jobs of one key are never two. */
const keyOf = ({ name }: Schedule): string => `schedule:${name}`

type Row = { tenant_id: string | null; name: string; zone: string; last_due: string }
type Place = { tenantId: string | null; zone: string }
type Known = { tenant_id: string | null; zone: string; declared: string; astray: boolean }

async function places(custody: EdgeCustody, { per, zone }: Schedule): Promise<Place[]> {
  if (per === 'installation') return [{ tenantId: null, zone }]
  const tenants = await workingTenants(custody)
  if (zone !== TENANT_ZONE) return tenants.map((tenantId) => ({ tenantId, zone }))
  const { rows } = await sql<{ id: string; zone: string | null }>`
    select id, configuration ->> 'time_zone' as zone from control.tenants where id = any (${tenants}::uuid[])`.execute(
    custody.db,
  )
  return rows.map((row) => ({ tenantId: row.id, zone: knownTimeZone(row.zone) }))
}

/**
 * A row for each tenant that has none, a new one where the code or the tenant's zone has changed, or where the clock was
 * wrong by more than a day and the schedule would rest until then. Only for the dispatcher.
 */
export async function keepSchedules(custody: EdgeCustody, schedules: readonly Schedule[], now: Date): Promise<void> {
  for (const schedule of schedules) {
    const { rows } = await sql<Known>`
      select tenant_id, zone, declared, last_due > ${now.toISOString()}::timestamptz + interval '25 hours' as astray
        from control.schedules where name = ${schedule.name}`.execute(custody.db)
    const known = new Map(rows.map((row) => [row.tenant_id, row]))
    for (const place of await places(custody, schedule)) {
      const row = known.get(place.tenantId)
      if (row?.zone === place.zone && row.declared === declaredAs(schedule) && !row.astray) continue
      await declare(custody, schedule, place, row, now)
    }
  }
}

async function declare(
  { db }: EdgeCustody,
  schedule: Schedule,
  { tenantId, zone }: Place,
  known: Known | undefined,
  now: Date,
): Promise<void> {
  const { name, cron, kind, input, edition } = schedule
  const before = known && (JSON.parse(known.declared) as [string, string | null])[1]
  if (edition !== undefined && edition !== before) {
    const order = { tenantId, enqueuedBy: null, now, key: keyOf(schedule) }
    // One of the edition before is still under way: looked at again with the next round.
    if ((await insertJob(db, kind, input(now), order)) === null) return
  }
  const lookAt = nextDue(cron, zone, now).toISOString()
  await sql`insert into control.schedules (tenant_id, name, zone, declared, last_due, look_at)
    values (${tenantId}, ${name}, ${zone}, ${declaredAs(schedule)}, ${now.toISOString()}, ${lookAt})
    on conflict (tenant_id, name) do update
      set zone = excluded.zone, declared = excluded.declared, look_at = excluded.look_at,
          last_due = case when ${known?.astray ?? false} then excluded.last_due
                          else greatest(schedules.last_due, excluded.last_due) end`.execute(db)
}

/** Makes the jobs of what is due. Only for the dispatcher; `now` is the database's. */
export async function runSchedules(custody: EdgeCustody, schedules: readonly Schedule[], now: Date): Promise<void> {
  const { db } = custody
  const byName = new Map(schedules.map((schedule) => [schedule.name, schedule]))
  if (byName.size === 0) return
  const { rows } = await sql<Row>`
    select tenant_id, name, zone, last_due from control.schedules
     where look_at <= ${now.toISOString()} and name = any (${[...byName.keys()]})
     order by look_at limit ${AT_ONCE}`.execute(db)
  for (const row of rows) await runSchedule(custody, byName.get(row.name)!, row, now)
}

async function runSchedule({ db }: EdgeCustody, schedule: Schedule, row: Row, now: Date): Promise<void> {
  const { kind, input } = schedule
  const key = keyOf(schedule)
  const { rows } = await sql<{ under_way: boolean }>`
    select exists (select from control.jobs where tenant_id is not distinct from ${row.tenant_id} and kind = ${kind.name}
      and key = ${key} and state in ('delayed', 'waiting', 'admitted')) as under_way`.execute(db)
  const state = { last: new Date(row.last_due), now, underWay: rows[0]!.under_way }
  const { due, last, lookAt } = decide(schedule, row.zone, state)
  if (due !== null) {
    await insertJob(db, kind, input(due), { tenantId: row.tenant_id, enqueuedBy: null, now, key })
  }
  await sql`update control.schedules set last_due = ${last.toISOString()}, look_at = ${lookAt.toISOString()}
    where tenant_id is not distinct from ${row.tenant_id} and name = ${row.name}`.execute(db)
}
