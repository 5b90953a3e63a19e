import { sql } from 'kysely'
import { newId } from '#platform/new-id.ts'
import { plantsExist } from '#contexts/plants'
import { checkRevision } from '#platform/http/etag.ts'
import { encryptField, type KeyRing } from '#platform/secrets/field-encryption.ts'
import { changesOf } from '../../changes.ts'
import type { BrokerWork } from '../../tables.ts'
import { brokerProblems, passwordContext, VERSIONS } from './broker.ts'
import { tellBrokerCreated, tellBrokerDeleted, tellBrokerUpdated } from './events.ts'
import { getBroker } from './read-brokers.ts'
import { brokerRefusals } from './refusals.ts'
import type { Broker, BrokerChange, NewBroker } from './schemas.ts'

const MOST = 100

async function check(work: BrokerWork, change: BrokerChange): Promise<void> {
  const details = brokerProblems(change)
  if (details.length > 0) throw brokerRefusals.refuse('brokers.invalid', { details })
  const { plant_id } = change
  if (plant_id !== undefined && plant_id !== null && !(await plantsExist(work, [plant_id]))) {
    throw brokerRefusals.refuse('brokers.plant_not_found')
  }
}

/** As it is stored: the password sealed, the topics as JSON. */
function stored({ tenantId }: BrokerWork, id: string, ring: KeyRing, change: BrokerChange) {
  const { version, password, topics, ...plain } = change
  const sealed = password && encryptField(ring, password, passwordContext(tenantId, id))
  return {
    ...plain,
    ...(version !== undefined && { version: VERSIONS[version as keyof typeof VERSIONS] }),
    ...(password !== undefined && { password: sealed ?? null }),
    ...(topics !== undefined && { topics: JSON.stringify(topics) }),
  }
}

const told = ({ password, ...change }: BrokerChange): Record<string, unknown> => ({
  ...change,
  ...(password !== undefined && { password: password === null ? null : 'withheld' }),
})

/** Enters a broker; a process connects to it within seconds. */
export async function createBroker(work: BrokerWork, body: NewBroker, ring: KeyRing): Promise<Broker> {
  await check(work, body)
  const { db, tenantId, actor, now } = work
  // One after the other, so that two at once are counted.
  await sql`select pg_advisory_xact_lock(hashtextextended(${`brokers ${tenantId}`}, 0))`.execute(db)
  const { rows } = await sql<{ n: number }>`
    select count(*)::integer as n from control.broker_states where tenant_id = ${tenantId}`.execute(db)
  if (rows[0]!.n >= MOST) throw brokerRefusals.refuse('brokers.too_many')
  const id = newId()
  const { name, url, topics } = body
  const at = now.toISOString()
  await db
    .insertInto('control.brokers')
    .values({
      ...{
        tenant_id: tenantId,
        id,
        name,
        url,
        topics: JSON.stringify(topics),
        version: 5,
        rebirth: true,
        enabled: true,
      },
      ...stored(work, id, ring, body),
      ...{ created_at: at, updated_at: at, created_by: actor.id, updated_by: actor.id },
    })
    .execute()
  await db.insertInto('control.broker_states').values({ tenant_id: tenantId, broker_id: id }).execute()
  const broker = await getBroker(work, id)
  const entry = { action: 'brokers.created', resource: 'broker', resource_id: id, plant_id: broker.plant_id }
  work.record({ ...entry, after: told(body) }, tellBrokerCreated(broker))
  return broker
}

type Asked = { id: string; change: BrokerChange; revisions: readonly number[] | null; ring: KeyRing }

/** Changes a broker; its connection is made anew within seconds. A password that is not sent stays. */
export async function changeBroker(work: BrokerWork, { id, change, revisions, ring }: Asked): Promise<Broker> {
  const before = await getBroker(work, id, true)
  checkRevision(before, revisions)
  await check(work, change)
  const { password: _password, ...shown } = change
  const changes = changesOf(before, shown)
  if (changes === null && change.password === undefined) return before
  await work.db
    .updateTable('control.brokers')
    .set({
      ...stored(work, id, ring, change),
      ...{ revision: sql`revision + 1`, updated_at: work.now.toISOString(), updated_by: work.actor.id },
    })
    .where('tenant_id', '=', work.tenantId)
    .where('id', '=', id)
    .execute()
  const after = { ...changes?.after, ...(change.password !== undefined && told({ password: change.password })) }
  const entry = { action: 'brokers.updated', resource: 'broker', resource_id: id, plant_id: before.plant_id }
  work.record({ ...entry, before: changes?.before ?? {}, after }, tellBrokerUpdated(before, Object.keys(after)))
  return getBroker(work, id)
}

/** Removes a broker; what it brought stays. Its session on the broker ends by itself within a day. */
export async function deleteBroker(work: BrokerWork, id: string, revisions: readonly number[] | null): Promise<void> {
  const broker = await getBroker(work, id, true)
  checkRevision(broker, revisions)
  await work.db.deleteFrom('control.brokers').where('tenant_id', '=', work.tenantId).where('id', '=', id).execute()
  const entry = { action: 'brokers.deleted', resource: 'broker', resource_id: id, plant_id: broker.plant_id }
  work.record({ ...entry, before: { name: broker.name, url: broker.url } }, tellBrokerDeleted(broker))
}
