import { sql } from 'kysely'
import { subscriber, type Subscriber } from '#platform/events/subscriber.ts'

/** A document's content is gone for good: so are the names and addresses that were printed in it. From what it was made stays. */
const eraseValues = subscriber({
  ...{ name: 'documents.erase_values', from: 'beginning', strict: false },
  types: ['DocumentPurged'],
  handle: async (work, { data }) => {
    const { document_id } = data as { document_id: string }
    await sql`
      update document_generations set field_values = '{}'
       where tenant_id = ${work.tenantId} and document_id = ${document_id}`.execute(work.db)
  },
})

export const templatesSubscribers: readonly Subscriber[] = [eraseValues]
