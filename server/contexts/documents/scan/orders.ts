import { Type } from 'typebox'
import { Shape } from '#platform/http/shapes.ts'
import { jobKind } from '#platform/jobs/job-kind.ts'

/**
 * Enqueued with a content that nobody has looked at yet, key: the sha256. Hands it to the scanner and settles what it said (scan/). A
 * scanner that is away is asked again for 5 to 6 hours; one company has at most half of what runs at once.
 */
export const scanOrder = jobKind({
  name: 'documents.scan',
  input: Shape({ sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }) }),
  limits: { seconds: 300, attempts: 30, wait: 5, longestWait: 900, concurrency: 4, perTenant: 2 },
})
