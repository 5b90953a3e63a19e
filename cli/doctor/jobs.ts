import type { Patient } from './database.ts'
import { ok, warn, type Finding } from './finding.ts'

/** Later than this nobody is at it: a worker looks twice a second, and a backlog ages by far less. */
const LATE_MINUTES = 15

type Seen = { dead: number; kinds: string[]; late: number; oldest: number; overdue: number }

/** Dead jobs, jobs that nobody does, and schedules that nobody looks at. What is held with its company is no finding. */
export async function examineJobs({ client }: Patient): Promise<Finding[]> {
  const { dead, kinds, late, oldest, overdue } = await look(client)
  const findings: Finding[] = []
  if (dead > 0)
    findings.push(
      warn(
        'jobs',
        `${dead} are dead (${kinds.join(', ')})`,
        '`officina jobs list --state failed` says why; `officina jobs retry` tries them anew.',
      ),
    )
  if (late > 0 || overdue > 0)
    findings.push(
      warn(
        'jobs',
        late > 0
          ? `${late} have been due for up to ${oldest} minutes and are not begun`
          : `${overdue} schedules were not looked at`,
        'Start a worker (OFFICINA_WORKER=on, or officina worker), more of them, or read its log: see docs/operate.md, Jobs.',
      ),
    )
  return findings.length > 0 ? findings : [ok('jobs', 'none is dead, and none waits for long')]
}

async function look(client: Patient['client']): Promise<Seen> {
  await client.query('begin read only; set local role officina_custody')
  try {
    const { rows } = await client.query<Seen>(
      `with late as (
         select j.run_at from control.jobs j left join control.tenants t on t.id = j.tenant_id
          where j.state in ('waiting', 'delayed') and j.run_at < now() - $1 * interval '1 minute'
            and (t.id is null or t.deleted_at is null and t.status in ('Active', 'Trial')
                                 and (t.plan_expiry is null or t.plan_expiry >= current_date)))
       select (select count(*)::int from control.jobs where state = 'failed') as dead,
              array(select distinct kind from control.jobs where state = 'failed' order by kind limit 10) as kinds,
              (select count(*)::int from late) as late,
              (select coalesce(extract(epoch from now() - min(run_at)) / 60, 0)::int from late) as oldest,
              (select count(*)::int from control.schedules where look_at < now() - interval '1 day') as overdue`,
      [LATE_MINUTES],
    )
    return rows[0]!
  } finally {
    await client.query('rollback')
  }
}
