import { contentKey, quarantineKey } from '#platform/blob/blob-store.ts'
import { systemScope } from '#platform/database/system-scope.ts'
import { Shape } from '#platform/http/shapes.ts'
import { type Job, job, jobKind, type RunningJob } from '#platform/jobs/job-kind.ts'
import { type Schedule, schedule, TENANT_ZONE } from '#platform/jobs/schedule.ts'
import type { DocumentDeps } from '../deps.ts'
import { expireDocuments } from './expire-documents.ts'
import { markRemoved, purgeDocuments, readUnremoved } from './purge-documents.ts'

export const purgeOrder = jobKind({
  name: 'documents.purge',
  input: Shape({}),
  limits: { seconds: 600, concurrency: 2, perTenant: 1, priority: -10 },
})
export const expiryOrder = jobKind({
  name: 'documents.expire',
  input: Shape({}),
  limits: { seconds: 60, concurrency: 4, perTenant: 1, priority: -5 },
})

/** The rows first, then their bytes: what a killed worker leaves is removed by the next. */
async function purge(deps: DocumentDeps, { id, tenantId, signal }: RunningJob): Promise<void> {
  const { database } = deps.installation
  const scope = systemScope(tenantId!, `documents.purge ${id}`)
  let more = true
  while (more) {
    signal.throwIfAborted()
    more = await database.write(scope, (work) => purgeDocuments(work, deps.config.TRASH_DAYS))
  }
  for (;;) {
    const contents = await database.read(scope, readUnremoved)
    if (contents.length === 0) return
    for (const sha256 of contents) {
      signal.throwIfAborted()
      for (const keyOf of [contentKey, quarantineKey]) await deps.blobs.remove(keyOf(tenantId!, sha256), signal)
    }
    await database.write(scope, (work) => markRemoved(work, contents))
  }
}

/** What is done to the library when nobody looks: the trash is emptied, what expires is announced. */
export const libraryJobs = (deps: DocumentDeps): readonly Job[] => [
  job(purgeOrder, { reach: (_input, running) => purge(deps, running) }),
  job(expiryOrder, { run: async (work) => ((await expireDocuments(work)) ? { next: {} } : undefined) }),
]

export const librarySchedules: readonly Schedule[] = [
  schedule({
    ...{ name: 'documents.purge', cron: '20 2 * * *', zone: TENANT_ZONE, per: 'tenant', catchUp: 'one' },
    ...{ kind: purgeOrder, input: () => ({}) },
  }),
  schedule({
    ...{ name: 'documents.expire', cron: '15 5 * * *', zone: TENANT_ZONE, per: 'tenant', catchUp: 'one' },
    ...{ kind: expiryOrder, input: () => ({}) },
  }),
]
