import { sql } from 'kysely'
import { subscriber, type Subscriber } from '#platform/events/subscriber.ts'
import { enqueue } from '#platform/jobs/enqueue.ts'
import { fieldsOrder } from '../text/orders.ts'

/** What a suggestion rests on besides the text; the category is learned from. */
const TELLING = new Set(['category', 'plant_id', 'expiry_date'])

/**
 * A document has a content that was read before, or somebody said of it what is suggested otherwise: its content is looked through again.
 * One that is still to be read is looked through when it was.
 */
const lookAgain = subscriber({
  ...{ name: 'documents.look_again', from: 'now', strict: false },
  types: ['DocumentUploaded', 'DocumentVersionAdded', 'DocumentRestored', 'DocumentUpdated'],
  handle: async (work, { data }) => {
    const { document_id, changed } = data as { document_id: string; changed?: string[] }
    if (changed !== undefined && !changed.some((name) => TELLING.has(name))) return
    const { rows } = await sql<{ sha256: string }>`
      select d.sha256 from documents d join file_texts t on t.tenant_id = ${work.tenantId} and t.sha256 = d.sha256
       where d.tenant_id = ${work.tenantId} and d.id = ${document_id} and t.state not in ('waiting', 'reading')`.execute(
      work.db,
    )
    for (const { sha256 } of rows) await enqueue(work, fieldsOrder, { sha256 })
  },
})

export const fieldsSubscribers: readonly Subscriber[] = [lookAgain]
