import { sql } from 'kysely'
import type { CustodyDoor, EdgeCustody } from '../database/custody.ts'
import type { Subscriber, TakenEvent } from './subscriber.ts'

/** Positions that are looked through at once, for the types that a subscriber wants. */
const LOOK = 1_000
/** Events in one transaction. */
const BATCH = 100

/** `held`: it must wait, and the subscriber goes on. `gone`: its tenant is deleted, and nobody needs it. */
export type Delivery = {
  readonly tenantId: string
  readonly event: TakenEvent
  readonly attempts: number
  readonly fate: 'deliver' | 'held' | 'gone'
}

/** What is next: some that were set aside and may be tried again, or those after the place of the subscriber. */
export type Next = {
  readonly revision: number
  readonly position: number
  readonly deliveries: readonly Delivery[]
  readonly setAside: boolean
  /** Up to there nothing else is for this subscriber. */
  readonly until: number
}

type Row = TakenEvent & { tenant_id: string; attempts: number; fate: Delivery['fate'] }
const deliveryOf = ({ tenant_id, attempts, fate, ...event }: Row): Delivery => ({
  ...{ tenantId: tenant_id, event, attempts, fate },
})

const EVENT = sql`p.position, p.sequence, p.tenant_id, e.type, e.subject, e.plant_id, e.time, e.data`

/** Null: it has no place yet. */
export const nextDeliveries = (custody: CustodyDoor, subscriber: Subscriber): Promise<Next | null> =>
  custody.run(async (work) => {
    const { rows } = await sql<{ position: number; revision: number }>`
      select position, revision from control.event_subscribers where name = ${subscriber.name}`.execute(work.db)
    const [place] = rows
    if (place === undefined) return null
    const again = await toTryAgain(work, subscriber)
    if (again.length > 0) return { ...place, deliveries: again.map(deliveryOf), setAside: true, until: place.position }
    return { ...place, setAside: false, ...(await after(work, subscriber, place.position)) }
  })

async function toTryAgain({ db }: EdgeCustody, { name, strict }: Subscriber): Promise<Row[]> {
  const { rows } = await sql<Row>`
    with blocked as materialized (
      select tenant_id, subject, min(position) as position from control.event_failures
       where ${strict} and subscriber = ${name} and (state = 'failed' or retry_at > now()) group by tenant_id, subject),
    ready as materialized (
      select f.* from control.event_failures f
       where f.subscriber = ${name} and f.state <> 'failed' and f.retry_at <= now()
         and not exists (select from blocked b where (b.tenant_id, b.subject) = (f.tenant_id, f.subject) and b.position < f.position)
         and not exists (select from control.tenants t where t.id = f.tenant_id and t.moving)
       order by f.position limit ${BATCH})
    select ${EVENT}, f.attempts, case when t.deleted_at is null then 'deliver' else 'gone' end as fate
      from ready f
      join control.tenants t on t.id = f.tenant_id
      join control.event_positions p on p.position = f.position
      join control.events e on e.id = p.event_id
     order by f.position`.execute(db)
  return rows
}

async function after({ db }: EdgeCustody, { name, types, strict, whose }: Subscriber, position: number) {
  const wanted = types === 'all' ? sql`e.type is not null` : sql`e.type = any (${types})`
  const ours = whose ?? sql`true`
  // One statement: what gets its place between two would be passed over unseen.
  const { rows } = await sql<(Row | { position: null }) & { seen: number | null }>`
    with seen as materialized (
      select * from control.event_positions where position > ${position} order by position limit ${LOOK}),
    found as (
      select ${EVENT}, 0 as attempts,
             case when t.deleted_at is not null then 'gone'
                  when t.moving or ${strict} and exists (select from control.event_failures f
                    where (f.tenant_id, f.subscriber, f.subject) = (p.tenant_id, ${name}, e.subject)) then 'held'
                  else 'deliver' end as fate
        from seen p join control.events e on e.id = p.event_id and ${wanted} and ${ours} join control.tenants t on t.id = p.tenant_id
       order by p.position limit ${BATCH})
    select f.*, s.seen from (select max(position) as seen from seen) s left join found f on true order by f.position`.execute(
    db,
  )
  const found = rows.filter((row): row is Row & { seen: number } => row.position !== null)
  const until = found.length === BATCH ? found.at(-1)!.position : (rows[0]?.seen ?? position)
  return { deliveries: found.map(({ seen: _seen, ...row }) => deliveryOf(row)), until }
}

/** Gives each a place that has none. */
export const placeSubscribers = (
  custody: CustodyDoor,
  subscribers: readonly Pick<Subscriber, 'name' | 'from'>[],
): Promise<void> =>
  custody.run(async ({ db }) => {
    for (const { name, from } of subscribers) {
      await sql`insert into control.event_subscribers (name, position)
        values (${name}, case when ${from === 'now'} then
          greatest((select max(position) from control.event_positions), 0) else 0 end)
        on conflict do nothing`.execute(db)
    }
  })

/** Nothing was for it up to there. */
export const stepOver = (custody: CustodyDoor, { name }: Subscriber, { revision, until }: Next): Promise<void> =>
  custody.run(async ({ db }) => {
    await sql`update control.event_subscribers set position = ${until}, revision = revision + 1, updated_at = now()
               where name = ${name} and revision = ${revision}`.execute(db)
  })

export type Failed = { delivery: Delivery; reason: string; retryInMs: number | null }

/** Sets it aside, or counts one attempt more; the subscriber goes on behind it. Unless somebody else has meanwhile. */
export const setAside = (
  custody: CustodyDoor,
  { name }: Subscriber,
  { revision, setAside: again }: Next,
  { delivery: { tenantId, event, attempts }, reason, retryInMs }: Failed,
): Promise<void> =>
  custody.run(async ({ db }) => {
    const { position, sequence, subject, plant_id } = event
    const state = retryInMs === null ? 'failed' : 'retrying'
    await sql`
      with mine as (
        update control.event_subscribers
           set position = case when ${again} then position else greatest(position, ${position}) end,
               revision = revision + 1, updated_at = now()
         where name = ${name} and revision = ${revision} returning name)
      insert into control.event_failures as f
             (tenant_id, subscriber, sequence, position, subject, plant_id, state, attempts, error, retry_at)
      select ${tenantId}, name, ${sequence}, ${position}, ${subject}, ${plant_id}, ${state}, ${attempts + 1}, ${reason},
             now() + make_interval(secs => ${(retryInMs ?? 0) / 1000})
        from mine
      on conflict (tenant_id, subscriber, sequence) do update
         set state = excluded.state, attempts = excluded.attempts, error = excluded.error, retry_at = excluded.retry_at`.execute(
      db,
    )
  })
