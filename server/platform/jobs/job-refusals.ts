import { refusals } from '../refusal.ts'

export const jobRefusals = refusals({
  'jobs.not_found': ['not_found', 'There is no such job.'],
  'jobs.unfinished': ['conflict', 'This job has not ended: it is tried by itself.'],
  'jobs.done': ['conflict', 'This job is done.'],
  'jobs.ended': ['conflict', 'This job has ended already.'],
  'jobs.key_taken': ['conflict', 'The same is under way as another job.'],
  // These three are read as the reason why a job failed.
  'jobs.misfit': ['invalid', 'What it was enqueued with does not fit this version.'],
  'jobs.time_limit': ['unavailable', 'It took longer than it may.'],
  'jobs.worker_lost': ['unavailable', 'Its worker ended, or was not heard of for too long.'],
})
