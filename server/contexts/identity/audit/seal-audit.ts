import { sql } from 'kysely'
import type { EdgeWork } from '#platform/database/work.ts'
import { eventOf } from '#platform/events/event-kind.ts'
import { Shape } from '#platform/http/shapes.ts'
import { job, jobKind, type Job } from '#platform/jobs/job-kind.ts'
import { schedule, type Schedule } from '#platform/jobs/schedule.ts'
import type { KeySet } from '../tokens/signing-keys.ts'
import type { Issuing } from '../tokens/token-keys.ts'
import { auditSealed } from './audit-sealed.ts'
import { readHead } from './read-head.ts'
import { signHead } from './verify-head.ts'

/** What was sealed. */
export type Sealed = { number: number; link: string; at: string; jws: string }

/**
 * Signs the head of a company's trail and tells it as an event, which carries it out of the database: whoever keeps it finds out
 * if the trail is shortened or rewritten later. Null where the trail is empty. A signature is 1 ms and no network.
 */
export async function sealAudit(work: EdgeWork, keys: KeySet): Promise<Sealed | null> {
  const { number, link, at } = await readHead(work)
  if (link === null) return null
  const jws = await signHead(keys, { tenant_id: work.tenantId, number, link, at }, work.now)
  const sealed = { number, link, at, jws }
  work.announce(eventOf(auditSealed, { subject: 'audit' }, sealed))
  return sealed
}

const sealing = jobKind({ name: 'audit.seal', input: Shape({}), limits: { priority: -10 } })

/** Sealing as a job. */
export const sealJobs = ({ issuing }: { issuing: Issuing }): readonly Job[] => [
  job(sealing, { run: async (work) => void (await sealAudit(work, issuing.current().keys)) }),
]

/** Each company's trail is sealed when its day begins, also where nothing happened: a head that fails to come is a sign, too. */
export const sealSchedules: readonly Schedule[] = [
  schedule({
    ...{ name: 'audit.seal', cron: '20 0 * * *', zone: 'tenant', per: 'tenant', catchUp: 'one' },
    ...{ kind: sealing, input: () => ({}) },
  }),
]

/** `stands`: the link that the chain holds there. `brought`: with a company that came from another installation, whose keys signed. */
export type Told = Sealed & { stands: string | null; brought: boolean }

/** The signed heads of a company, the newest first; those of the last year and more. */
export async function listSeals({ db, tenantId }: EdgeWork): Promise<Told[]> {
  const { rows } = await sql<Told>`
    select s.*, encode(c.link, 'hex') as stands
      from (select e.id < 0 as brought, (e.data ->> 'number')::bigint as number, e.data ->> 'link' as link, e.data ->> 'at' as at, e.data ->> 'jws' as jws
              from control.events e where e.tenant_id = ${tenantId} and e.type = 'AuditSealed' order by e.id desc limit 400) s
      left join control.audit_chain c on c.tenant_id = ${tenantId} and c.number = s.number`.execute(db)
  return rows
}
