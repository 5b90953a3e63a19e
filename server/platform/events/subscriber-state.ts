import { sql } from 'kysely'
import { Gauge, type Registry } from 'prom-client'
import type { CustodyDoor, EdgeCustody } from '../database/custody.ts'
import type { Log } from '../telemetry/log.ts'
import { failureRefusals } from './failure-refusals.ts'

/** How far a subscriber is. `behind`: places that it has not passed; `seconds`: for how long the first of these has had its event. */
export type SubscriberState = {
  name: string
  position: number
  behind: number
  seconds: number
  retrying: number
  failed: number
  held: number
}
export type EventsState = { head: number; unnumbered: number; subscribers: SubscriberState[] }

/** Reads the ends of indexes, and what is set aside. */
export async function readEventsState({ db }: EdgeCustody): Promise<EventsState> {
  const { rows: heads } = await sql<{ head: number; unnumbered: number }>`
    select greatest((select max(position) from control.event_positions), 0) as head,
           (select count(*) from control.events e where e.id > greatest(s.front, 0))
           + (select count(*) from control.event_gaps join control.events using (id)) as unnumbered
      from control.event_sequencer s`.execute(db)
  const { head, unnumbered } = heads[0]!
  const { rows: subscribers } = await sql<SubscriberState>`
    select s.name, s.position, greatest(${head} - s.position, 0) as behind,
           coalesce(extract(epoch from now() - (select e.time from control.event_positions p join control.events e on e.id = p.event_id
             where p.position > s.position order by p.position limit 1)), 0)::float8 as seconds,
           count(f.id) filter (where f.state = 'retrying') as retrying,
           count(f.id) filter (where f.state = 'failed') as failed,
           count(f.id) filter (where f.state = 'held') as held
      from control.event_subscribers s left join control.event_failures f on f.subscriber = s.name
     group by s.name order by s.name`.execute(db)
  return { head, unnumbered, subscribers }
}

/** Where the events from a time on begin. */
export async function positionAt({ db }: EdgeCustody, time: string): Promise<number> {
  const { rows } = await sql<{ position: number | null }>`
    select min(p.position) as position from control.event_positions p join control.events e on e.id = p.event_id
     where p.position > 0 and e.time >= ${time}`.execute(db)
  return rows[0]?.position ?? (await readEventsState({ db } as EdgeCustody)).head + 1
}

/** Has a subscriber take everything from this place on once more, of all tenants. */
export async function replayFrom({ db }: EdgeCustody, name: string, position: number): Promise<void> {
  const { numAffectedRows } = await sql`
    update control.event_subscribers set position = ${position} - 1, revision = revision + 1, updated_at = now()
     where name = ${name}`.execute(db)
  if (numAffectedRows !== 1n) throw failureRefusals.refuse('events.subscriber_not_found')
}

type Part = { name: string; types: readonly string[] | 'all'; tenantId: string; sequence: number }
/** The same for one tenant, from a sequence of it to where the subscriber is; the others' go on. Answers with how many. */
export async function replayOf({ db }: EdgeCustody, { name, types, tenantId, sequence }: Part): Promise<number> {
  const wanted = types === 'all' ? sql`e.type is not null` : sql`e.type = any (${types})`
  const { rows } = await sql<{ found: boolean; count: number }>`
    with place as (select name, position from control.event_subscribers where name = ${name} for update),
    again as (
      insert into control.event_failures (tenant_id, subscriber, sequence, position, subject, plant_id, state)
      select p.tenant_id, s.name, p.sequence, p.position, e.subject, e.plant_id, 'retrying'
        from place s join control.event_positions p on p.tenant_id = ${tenantId} and p.sequence >= ${sequence} and p.position <= s.position
        join control.events e on e.id = p.event_id and ${wanted}
      on conflict (tenant_id, subscriber, sequence) do update set state = 'retrying', attempts = 0, retry_at = now()
      returning 1)
    select exists (select from place) as found, (select count(*) from again) as count`.execute(db)
  if (!rows[0]?.found) throw failureRefusals.refuse('events.subscriber_not_found')
  return rows[0].count
}

/** Removes what is left of a subscriber that the program no longer has. */
export async function forgetSubscriber({ db }: EdgeCustody, name: string): Promise<void> {
  await sql`delete from control.event_failures where subscriber = ${name}`.execute(db)
  const { numAffectedRows } = await sql`delete from control.event_subscribers where name = ${name}`.execute(db)
  if (numAffectedRows !== 1n) throw failureRefusals.refuse('events.subscriber_not_found')
}

/** How much waits for the sequencer and for each subscriber, asked once per scrape. */
export function measureEvents(registry: Registry, custody: CustodyDoor, log: Log): void {
  let looking: Promise<EventsState> | undefined
  const look = (): Promise<EventsState> =>
    (looking ??= custody
      .run(readEventsState)
      .catch((error: unknown): EventsState => {
        log.warn({ err: error }, 'events were not counted')
        return { head: 0, unnumbered: 0, subscribers: [] }
      })
      .finally(() => (looking = undefined)))
  const gauge = (
    name: string,
    help: string,
    labelNames: string[],
    set: (to: Gauge, state: EventsState) => void,
  ): void =>
    registry.registerMetric(
      new Gauge({
        ...{ name, help, labelNames, registers: [] },
        async collect() {
          const state = await look()
          this.reset()
          set(this, state)
        },
      }),
    )
  gauge('events_unnumbered', 'Committed events without a place yet', [], (to, { unnumbered }) => to.set(unnumbered))
  gauge('event_subscriber_behind', 'Places that a subscriber has not passed', ['subscriber'], (to, { subscribers }) => {
    for (const { name, behind } of subscribers) to.set({ subscriber: name }, behind)
  })
  gauge('event_subscriber_behind_seconds', 'Age of the first of these', ['subscriber'], (to, { subscribers }) => {
    for (const { name, seconds } of subscribers) to.set({ subscriber: name }, seconds)
  })
  gauge('event_failures', 'Events that were set aside, by state', ['subscriber', 'state'], (to, { subscribers }) => {
    for (const { name, retrying, failed, held } of subscribers) {
      for (const [state, count] of Object.entries({ retrying, failed, held }))
        to.set({ subscriber: name, state }, count)
    }
  })
}
