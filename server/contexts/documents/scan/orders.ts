import { Type } from 'typebox'
import { Shape } from '#platform/http/shapes.ts'
import { jobKind } from '#platform/jobs/job-kind.ts'

/**
 * Enqueued in the Work of every version that is stored, key: the sha256; of a content that is known already too, whatever was found in it
 * (infected bytes that came again are put away, newer signatures look again, and the new document is told of). It looks at the content,
 * whatever files.scan says, and settles what was found (scan/). A scanner that is away is asked again for 3 to 6 hours; one company has at
 * most half of what runs at once.
 */
export const scanOrder = jobKind({
  name: 'documents.scan',
  input: Shape({ sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }) }),
  limits: { seconds: 300, attempts: 30, wait: 5, longestWait: 900, concurrency: 4, perTenant: 2 },
})

/** One step of the nightly round over a company's contents; `after` is the last of the step before. */
export const rescanOrder = jobKind({
  name: 'documents.rescan',
  input: Shape({ after: Type.String({ pattern: '^[0-9a-f]*$', maxLength: 64 }) }),
  limits: { seconds: 60, concurrency: 2, priority: -10 },
})
