import type { Command } from 'commander'
import { Type } from 'typebox'
import { getTenantBySlug } from '#contexts/identity'
import type { EdgeCustody } from '#platform/database/custody.ts'
import { Id, Shape } from '#platform/http/shapes.ts'
import { cancelAnyJob, retryAnyJob, retryDead } from '#platform/jobs/change-job.ts'
import { JobQuery } from '#platform/jobs/job-schemas.ts'
import { listAllJobs } from '#platform/jobs/list-jobs.ts'
import { answer, table, withInstallation } from './command.ts'
import { said, shaped } from './shape.ts'

const Ids = Shape({ ids: Type.Array(Id) })

type ListOptions = { tenant?: string; state?: string; kind?: string; limit: number; cursor?: string }

const inCustody = <T>(use: (custody: EdgeCustody) => Promise<T>): Promise<T> =>
  withInstallation(({ installation }) => installation.custody.run(use))

/** `jobs list`: of one company, of all, or with `--tenant -` the installation's own. */
export const jobsList = (jobs: Command): Command =>
  jobs
    .command('list')
    .description('list jobs, newest first; --state failed lists the dead ones')
    .option('--tenant <slug>', 'of one company; - for the installation’s own')
    .option('--state <state>', 'delayed, waiting, admitted, completed, failed or cancelled')
    .option('--kind <name>')
    .option('--limit <number>', 'how many at most', Number, 50)
    .option('--cursor <id>', 'go on after the last one of the page before')
    .action(async ({ tenant, ...options }: ListOptions) => {
      const query = shaped(JobQuery, 'jobs', said(options))
      const page = await inCustody(async (custody) => {
        if (tenant === undefined) return listAllJobs(custody, query)
        const tenantId = tenant === '-' ? null : (await getTenantBySlug(custody, tenant)).id
        return listAllJobs(custody, { ...query, tenantId })
      })
      const rows = page.items.map((job) => [
        ...[job.id, job.kind, job.state, String(job.attempts), job.run_at.slice(0, 19), job.last_error ?? ''],
      ])
      answer(page, table([['ID', 'KIND', 'STATE', 'ATTEMPTS', 'DUE', 'LAST ERROR'], ...rows]))
    })

type RetryOptions = { dead?: boolean; kind?: string }

/** `jobs retry`: by id, or all that are dead. */
export const jobsRetry = (jobs: Command): Command =>
  jobs
    .command('retry')
    .argument('[id...]')
    .description('try jobs anew that are dead or were cancelled, with all their attempts')
    .option('--dead', 'all that are dead')
    .option('--kind <name>', 'with --dead: those of one kind')
    .action(async (ids: string[], { dead, kind }: RetryOptions, command: Command) => {
      if ((ids.length === 0) !== (dead === true)) command.error('error: give ids, or --dead')
      shaped(Ids, 'jobs', { ids })
      const retried = await inCustody(async (custody) => {
        if (dead) return retryDead(custody, kind)
        for (const id of ids) await retryAnyJob(custody, id)
        return ids.length
      })
      answer({ retried }, [`${retried} to be tried anew.`])
    })

/** `jobs cancel`: by id. */
export const jobsCancel = (jobs: Command): Command =>
  jobs
    .command('cancel')
    .argument('<id...>')
    .description('end jobs that are not done; what one under way would write is not committed')
    .action(async (ids: string[]) => {
      shaped(Ids, 'jobs', { ids })
      await inCustody(async (custody) => {
        for (const id of ids) await cancelAnyJob(custody, id)
      })
      answer({ cancelled: ids.length }, [`${ids.length} cancelled.`])
    })
