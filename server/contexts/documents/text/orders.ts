import { Type } from 'typebox'
import { Shape } from '#platform/http/shapes.ts'
import { jobKind } from '#platform/jobs/job-kind.ts'

const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' })

/** Enqueued with the finding that a content may be opened, key: the sha256. Reads its pages (text/). */
export const readOrder = jobKind({
  name: 'documents.read',
  input: Shape({ sha256: Sha256 }),
  limits: { seconds: 3_600, attempts: 4, concurrency: 2, perTenant: 1, priority: -5 },
})
/** Enqueued when a content was read, key: the sha256. Finds dates, amounts, codes and the kind of document (fields/). */
export const fieldsOrder = jobKind({
  name: 'documents.find_fields',
  input: Shape({ sha256: Sha256 }),
  limits: { seconds: 120, concurrency: 4, perTenant: 2, priority: -5 },
})
/** Enqueued when a content was read, key: the sha256. Cuts it into passages, and has them found (search/). */
export const indexOrder = jobKind({
  name: 'documents.make_passages',
  input: Shape({ sha256: Sha256 }),
  limits: { seconds: 300, concurrency: 4, perTenant: 2, priority: -5 },
})
