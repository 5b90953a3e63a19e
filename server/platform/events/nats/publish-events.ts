import { sql } from 'kysely'
import type { JetStreamClient } from '@nats-io/jetstream'
import { headers } from '@nats-io/transport-node'
import type { CustodyDoor } from '../../database/custody.ts'
import { cloudEvent, type CloudEvent, type StoredEvent } from '../cloud-event.ts'
import type { EventKind } from '../event-kind.ts'
import { busSubject } from './bus-message.ts'
import type { BusSettings } from './open-broker.ts'

/** The place of the bus among the followers of events. */
export const BUS = 'nats.publish'

/** Positions looked through at once; events in flight at once. */
const [LOOK, BATCH] = [1_000, 200]
const ACK_MS = 5_000

type Row = StoredEvent & { position: number; tenant_id: string; seen: number }
type Next = { position: number; revision: number; until: number; events: { position: number; event: CloudEvent }[] }

/** What is next: told events of all companies, in the one order over all; also of those that are suspended, or gone since. */
async function nextEvents(custody: CustodyDoor): Promise<Next> {
  return custody.run(async ({ db }) => {
    const { rows: places } = await sql<{ position: number; revision: number }>`
      select position, revision from control.event_subscribers where name = ${BUS}`.execute(db)
    const place = places[0]!
    const { rows } = await sql<Row & { until: number }>`
      with seen as materialized (
        select * from control.event_positions where position > ${place.position} order by position limit ${LOOK})
      select p.position, p.sequence, p.tenant_id, e.type, e.subject, e.time, e.data, (select max(position) from seen) as until
        from seen p left join control.events e on e.id = p.event_id
       order by p.position`.execute(db)
    const told = rows.filter(({ sequence }) => sequence !== null)
    const events = told.slice(0, BATCH).map(({ position, tenant_id, ...row }) => ({
      position,
      event: cloudEvent(tenant_id, row),
    }))
    const until = told.length > BATCH ? events.at(-1)!.position : (rows[0]?.until ?? place.position)
    return { ...place, until, events }
  })
}

/** False where somebody sent it back, or another process is at it. */
const moveTo = (custody: CustodyDoor, revision: number, position: number): Promise<boolean> =>
  custody.run(async ({ db }) => {
    const { numAffectedRows } = await sql`
      update control.event_subscribers set position = ${position}, revision = revision + 1, updated_at = now()
       where name = ${BUS} and revision = ${revision}`.execute(db)
    return numAffectedRows === 1n
  })

export type Publishing = {
  readonly custody: CustodyDoor
  readonly kinds: readonly EventKind[]
  readonly settings: BusSettings
}

/**
 * Sends them together and answers how many the stream has, counted from the first. Each says which one it follows, so that none
 * is stored after one that was not: what failed is sent again, and the order stays. One that is there already is acknowledged as
 * a duplicate.
 */
async function publish(
  client: JetStreamClient,
  { kinds, settings }: Publishing,
  events: Next['events'],
): Promise<{ stored: number; failure: unknown }> {
  const topics = new Map(kinds.map(({ type, topic }) => [type, topic]))
  const acknowledged = await Promise.allSettled(
    events.map(({ event }, at) => {
      const said = headers()
      said.set('content-type', 'application/cloudevents+json')
      const subject = busSubject(settings.NATS_SUBJECT_PREFIX, event, topics.get(event.type) ?? 'other')
      const before = at === 0 ? {} : { expect: { lastMsgID: events[at - 1]!.event.id } }
      return client.publish(subject, JSON.stringify(event), {
        ...{ msgID: event.id, headers: said, timeout: ACK_MS, retries: 0 },
        ...before,
      })
    }),
  )
  const failed = acknowledged.findIndex(({ status }) => status === 'rejected')
  if (failed === -1) return { stored: events.length, failure: null }
  return { stored: failed, failure: (acknowledged[failed] as PromiseRejectedResult).reason as unknown }
}

/** The id of the last event that the stream has; null where it has none. */
async function lastStored(
  client: JetStreamClient,
  { NATS_STREAM, NATS_SUBJECT_PREFIX }: BusSettings,
): Promise<string | null> {
  const { streams } = await client.jetstreamManager(false)
  const last = await streams.getMessage(NATS_STREAM, { last_by_subj: `${NATS_SUBJECT_PREFIX}.>` })
  return last?.header.get('Nats-Msg-Id') ?? null
}

/**
 * Takes event after event to the stream and steps over what is acknowledged, until `signal` says so or something fails. `heard` waits
 * for news, and not for ever. What is sent before a process ends and not stepped over is found in the stream by the next one, however long that
 * takes: the stream itself knows duplicates for two minutes only.
 */
export async function publishEvents(
  client: JetStreamClient,
  publishing: Publishing,
  { heard, signal }: { heard: () => Promise<void>; signal: AbortSignal },
): Promise<void> {
  const { custody, settings } = publishing
  let last = await lastStored(client, settings)
  while (!signal.aborted) {
    const { position, revision, until, events } = await nextEvents(custody)
    const known = last === null ? -1 : events.findIndex(({ event }) => event.id === last)
    last = null
    const fresh = events.slice(known + 1)
    const { stored, failure } = await publish(client, publishing, fresh)
    const done = known + 1 + stored
    const reached = done === events.length ? until : (events[done - 1]?.position ?? position)
    if (reached > position) await moveTo(custody, revision, reached)
    if (failure !== null) throw failure
    if (until === position) await heard()
  }
}
