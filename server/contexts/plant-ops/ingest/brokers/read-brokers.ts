import { sql } from 'kysely'
import { page, type Page } from '#platform/http/shapes.ts'
import type { BrokerWork } from '../../tables.ts'
import { brokerRefusals } from './refusals.ts'
import type { Broker } from './schemas.ts'

const columns = sql`
  b.id, b.name, b.url, case b.version when 4 then '3.1.1' else '5' end as version, b.username, b.password is not null as has_password,
  b.ca, b.topics, b.plant_id, b.rebirth, b.enabled, b.revision, b.created_at, b.updated_at, b.created_by, b.updated_by,
  json_build_object('connected', s.connected and s.held_until > now(), 'connected_at', s.connected_at, 'messages', s.messages,
    'readings', s.readings, 'rejected', s.rejected, 'garbage', s.garbage, 'last_message_at', s.last_message_at,
    'last_error', s.last_error, 'last_error_at', s.last_error_at) as state`
const from = sql`control.brokers b join control.broker_states s on s.tenant_id = b.tenant_id and s.broker_id = b.id`

export async function listBrokers(
  { db, tenantId }: BrokerWork,
  { limit, offset }: { limit: number; offset: number },
): Promise<Page<Broker>> {
  const { rows } = await sql<Broker>`
    select ${columns} from ${from} where b.tenant_id = ${tenantId} order by b.name, b.id`.execute(db)
  return page(rows.slice(offset, offset + limit), rows.length, { limit, offset })
}

/** One broker, without its password; held until the transaction ends where it is to be changed. */
export async function getBroker({ db, tenantId }: BrokerWork, id: string, lock = false): Promise<Broker> {
  const { rows } = await sql<Broker>`
    select ${columns} from ${from} where b.tenant_id = ${tenantId} and b.id = ${id}
    ${lock ? sql`for update of b` : sql``}`.execute(db)
  if (rows[0] === undefined) throw brokerRefusals.refuse('brokers.not_found')
  return rows[0]
}
