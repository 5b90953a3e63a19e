import { enqueue } from '#platform/jobs/enqueue.ts'
import type { TextWork } from '../tables.ts'
import { deleteText } from './delete-text.ts'
import { findReadable } from './find-readable.ts'
import { readOrder } from './orders.ts'
import { readStanding } from './read-text.ts'
import type { TextStanding } from './schemas.ts'

/**
 * Reads a document anew: with a new edition of the readers, after a converter was installed, or where a reading was given up. One that is
 * under way goes on as it is. Refused: what `findReadable` refuses.
 */
export async function startReading(work: TextWork, asked: { id: string; version?: number }): Promise<TextStanding> {
  const found = await findReadable(work, asked)
  const { sha256 } = found
  const before = await readStanding(work, found)
  if (before.state !== 'waiting' && before.state !== 'reading') await deleteText(work, sha256)
  const held = await work.db
    .selectFrom('file_texts')
    .select(['reading', 'pages_done'])
    .where('tenant_id', '=', work.tenantId)
    .where('sha256', '=', sha256)
    .executeTakeFirst()
  // The first order of a content has its hash as key; what comes later names the reading and how far it was.
  const key = held === undefined ? sha256 : `${sha256}/${held.reading}/${held.pages_done}`
  await enqueue(work, readOrder, { sha256 }, { key })
  work.record({ action: 'documents.reading_ordered', resource: 'document', resource_id: asked.id })
  return readStanding(work, found)
}
