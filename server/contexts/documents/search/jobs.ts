import { enqueue } from '#platform/jobs/enqueue.ts'
import { job, type Job } from '#platform/jobs/job-kind.ts'
import { schedule, type Schedule } from '#platform/jobs/schedule.ts'
import { openEmbedder } from '#platform/model/embeddings.ts'
import type { DocumentDeps } from '../deps.ts'
import { indexOrder } from '../text/orders.ts'
import { fillVectors } from './fill-vectors.ts'
import { refreshOrder, vectorsOrder } from './orders.ts'
import { refreshSearch } from './refresh-search.ts'
import { writePassages } from './write-passages.ts'

export const searchJobs = ({ config, installation }: DocumentDeps): readonly Job[] => {
  const embedder = openEmbedder(config)
  return [
    job(indexOrder, {
      run: async (work, { sha256 }) => {
        const passages = await writePassages(work, sha256)
        if (embedder && passages > 0) await enqueue(work, vectorsOrder, { sha256 }, { key: sha256 })
      },
    }),
    job(vectorsOrder, {
      // Enqueued while an embedder was configured; without one there is nothing to do.
      reach: async ({ sha256 }, running) => {
        if (embedder) await fillVectors(installation.database, embedder, sha256, running)
      },
    }),
    job(refreshOrder, {
      run: async (work) => ((await refreshSearch(work, embedder)) ? { next: {} } : undefined),
    }),
  ]
}

/** Hourly, so that another model, another edition of the splitter and purged contents are seen. */
export const searchSchedules: readonly Schedule[] = [
  schedule({
    ...{ name: 'documents.refresh_search', cron: '25 * * * *', zone: 'Etc/UTC', per: 'tenant', catchUp: 'one' },
    ...{ kind: refreshOrder, input: () => ({}) },
  }),
]
