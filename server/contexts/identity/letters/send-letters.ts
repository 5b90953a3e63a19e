import { job, type Job } from '#platform/jobs/job-kind.ts'
import type { Mailer } from '#platform/mail/mail.ts'
import { letterOrder } from './letter-order.ts'
import { writeLetter, type LetterDeps } from './write-letter.ts'

/**
 * Letters are jobs: each is ordered in the transaction of what it tells of. It is written in a Work of its own and handed over
 * after that, under the id of the job. Where the process ends between handing over and marking it goes out once more, the same:
 * same Message-ID, same link.
 */
export const letterJobs = (deps: LetterDeps & { readonly mailer: Mailer }): readonly Job[] => [
  job(letterOrder, {
    reach: async (order, running) => {
      const written = await writeLetter(deps, order, running)
      if (written !== null) await deps.mailer.send({ id: running.id, ...written }, running.signal)
    },
  }),
]
