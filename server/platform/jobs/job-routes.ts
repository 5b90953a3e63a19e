import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Edges } from '../http/edge.ts'
import { CursorPage, WithId } from '../http/shapes.ts'
import { cancelJob, retryJob } from './change-job.ts'
import { JobAnswer, JobQuery } from './job-schemas.ts'
import { getJob, listJobs } from './list-jobs.ts'

const tags = ['Jobs']

/** What is done in the background for the tenant: see it, try what is dead anew, cancel. */
export const jobRoutes =
  ({ edges }: { edges: Edges }): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/jobs',
      {
        config: { permission: 'jobs.read' },
        schema: {
          ...{ operationId: 'listJobs', tags, summary: 'Jobs, newest first; state=failed lists the dead ones' },
          ...{ querystring: JobQuery, response: { 200: CursorPage(JobAnswer) } },
        },
      },
      (request) => edges.read(request, (work) => listJobs(work, request.query)),
    )
    app.get(
      '/jobs/:id',
      {
        config: { permission: 'jobs.read', refusals: ['jobs.not_found'] },
        schema: {
          ...{ operationId: 'getJob', tags, summary: 'One job', params: WithId, response: { 200: JobAnswer } },
        },
      },
      (request, reply) => edges.read(request, (work) => getJob(work, request.params.id), reply),
    )
    app.post(
      '/jobs/:id/retry',
      {
        config: {
          permission: 'jobs.manage',
          refusals: ['jobs.not_found', 'jobs.unfinished', 'jobs.done', 'jobs.key_taken'],
        },
        schema: {
          ...{ operationId: 'retryJob', tags, summary: 'Try a dead or cancelled job anew' },
          ...{ params: WithId, response: { 200: JobAnswer } },
        },
      },
      (request, reply) => edges.write(request, reply, (work) => retryJob(work, request.params.id)),
    )
    app.post(
      '/jobs/:id/cancel',
      {
        config: { permission: 'jobs.manage', refusals: ['jobs.not_found', 'jobs.ended'] },
        schema: {
          ...{ operationId: 'cancelJob', tags, summary: 'Cancel a job that is not done; one under way is undone' },
          ...{ params: WithId, response: { 200: JobAnswer } },
        },
      },
      (request, reply) => edges.write(request, reply, (work) => cancelJob(work, request.params.id)),
    )
    await Promise.resolve()
  }
