import type { Patient } from './database.ts'
import { ok, warn, type Finding } from './finding.ts'

/** How many are named. */
const NAMED = 5

type Seen = { slug: string; name: string; held: boolean; connected: boolean; last_error: string | null }

const named = (some: readonly Seen[]): string =>
  some
    .slice(0, NAMED)
    .map(({ slug, name, last_error }) => `«${name}» of ${slug}${last_error === null ? '' : `: ${last_error}`}`)
    .join('; ') + (some.length > NAMED ? ` … and ${some.length - NAMED} more` : '')

/** MQTT brokers of companies that may work: whether a process holds each, and is let in. */
export async function examineBrokers({ client }: Patient): Promise<Finding[]> {
  const brokers = await look(client)
  if (brokers.length === 0) return []
  const free = brokers.filter(({ held }) => !held)
  const out = brokers.filter(({ held, connected }) => held && !connected)
  const findings: Finding[] = []
  if (free.length > 0)
    findings.push(
      warn(
        'brokers',
        `nobody holds ${free.length}: ${named(free)}`,
        'Start a server or a worker: it connects to them.',
      ),
    )
  if (out.length > 0)
    findings.push(
      warn(
        'brokers',
        `${out.length} of ${brokers.length} are not connected: ${named(out)}`,
        'The company mends address, password or certificate by PATCH /api/v1/plant-ops/brokers/{id}; internal addresses need OUTGOING_ALLOW.',
      ),
    )
  return findings.length > 0 ? findings : [ok('brokers', `all ${brokers.length} are connected`)]
}

async function look(client: Patient['client']): Promise<Seen[]> {
  await client.query('begin read only; set local role officina_custody')
  try {
    const { rows } = await client.query<Seen>(
      `select t.slug, b.name, coalesce(s.held_until > now(), false) as held, s.connected, left(s.last_error, 200) as last_error
         from control.brokers b
         join control.broker_states s on s.tenant_id = b.tenant_id and s.broker_id = b.id
         join control.tenants t on t.id = b.tenant_id
        where b.enabled and t.deleted_at is null and t.status in ('Active', 'Trial')
          and (t.plan_expiry is null or t.plan_expiry >= current_date)
        order by t.slug, b.name`,
    )
    return rows
  } finally {
    await client.query('rollback')
  }
}
