/** Kinds of job for the proof that each effect happens exactly once. */
import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Type } from 'typebox'
import { Shape } from '#platform/http/shapes.ts'
import { job, jobKind, type Job } from '#platform/jobs/job-kind.ts'

// A kill costs every job under way an attempt; that is not what is proven here.
const limits = { seconds: 30, attempts: 25, wait: 0.2, longestWait: 2, concurrency: 24 }

export const effectKind = jobKind({ name: 'proof.effect', input: Shape({ n: Type.Integer() }), limits })
export const reachKind = jobKind({ name: 'proof.reach', input: Shape({ file: Type.String() }), limits })

export const proofJobs: readonly Job[] = [
  job(effectKind, {
    run: async (work, { n }, { id, attempt }) => {
      work.record({ action: 'proof.effect', resource: 'job', resource_id: id })
      await sleep(n % 20)
      if (n % 10 === 0 && attempt === 1) throw new Error('the first attempt of every tenth fails')
    },
  }),
  job(reachKind, {
    reach: async ({ file }, { id }) => {
      appendFileSync(file, `${id}\n`)
      await sleep(5)
    },
  }),
]
