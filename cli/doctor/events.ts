import type { Patient } from './database.ts'
import { ok, warn, type Finding } from './finding.ts'

/** Later than this nobody numbers or follows the events: a server does within a second, and a bus that is gone is a finding. */
const LATE_MINUTES = 15

type Seen = { unnumbered: number; late: string[]; failed: number; subscribers: string[] }

/** Events that nobody has numbered, subscribers that do not get on, and events that they failed at for good. */
export async function examineEvents({ client }: Patient): Promise<Finding[]> {
  const { unnumbered, late, failed, subscribers } = await look(client)
  const findings: Finding[] = []
  if (unnumbered > 0)
    findings.push(
      warn(
        'events',
        `${unnumbered} are older than ${LATE_MINUTES} minutes and have no number yet`,
        'Start a server or a worker, or read its log for the sequencer: see docs/operate.md.',
      ),
    )
  if (late.length > 0)
    findings.push(
      warn(
        'events',
        `${late.join(', ')} ${late.length === 1 ? 'is' : 'are'} more than ${LATE_MINUTES} minutes behind`,
        '`officina events status` says how far each one is; its log says what holds it up.',
      ),
    )
  if (failed > 0)
    findings.push(
      warn(
        'events',
        `${failed} failed for good (${subscribers.join(', ')})`,
        '`GET /api/v1/events/failures` says why; `officina events retry` tries them again.',
      ),
    )
  return findings.length > 0 ? findings : [ok('events', 'all are numbered, no subscriber is late, none has failed')]
}

async function look(client: Patient['client']): Promise<Seen> {
  await client.query('begin read only; set local role officina_custody')
  try {
    const { rows } = await client.query<Seen>(
      `select (select count(*)::int from control.events e, control.event_sequencer s
                where e.id > greatest(s.front, 0) and e.time < now() - $1 * interval '1 minute') as unnumbered,
              array(select s.name from control.event_subscribers s
                     where (select e.time from control.event_positions p join control.events e on e.id = p.event_id
                             where p.position > s.position order by p.position limit 1) < now() - $1 * interval '1 minute'
                     order by s.name) as late,
              (select count(*)::int from control.event_failures where state = 'failed') as failed,
              array(select distinct subscriber from control.event_failures where state = 'failed' order by subscriber) as subscribers`,
      [LATE_MINUTES],
    )
    return rows[0]!
  } finally {
    await client.query('rollback')
  }
}
