/** Documents as the reader leaves them: their rows and the pages that were read, without the file. */
import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { systemScope } from '#platform/database/system-scope.ts'
import { newId } from '#platform/new-id.ts'
import { testApp, type TestTenant, type TestUser } from '#test/harness.ts'
import { fieldsOrder } from '../text/orders.ts'
import type { DocumentFields } from './schemas.ts'

type Written = { plant_id?: string; category?: string; language?: string; method?: 'text' | 'ocr'; confidence?: number }

/** A document with these pages, read and not looked through yet. */
export async function documentOf(
  tenant: TestTenant,
  pages: readonly string[],
  written: Written = {},
): Promise<{ id: string; sha256: string }> {
  const id = newId()
  const { plant_id = null, category = null, language = 'it', method = 'text', confidence = null } = written
  const sha256 = createHash('sha256')
    .update(`${tenant.id} ${pages.join('\f')}`)
    .digest('hex')
  await tenant.admin.write('documents.write', async ({ db, now, tenantId }) => {
    const file = sql`${tenantId}, ${sha256}`
    await sql`insert into files (tenant_id, sha256, size, media_type, scan, stored_at) values (${file}, 1, 'text/plain', 'clean', ${now}) on conflict do nothing`.execute(
      db,
    )
    await sql`insert into documents (tenant_id, id, plant_id, name, category, source, version, sha256, type, media_type, size, search_text, created_at, updated_at)
              values (${tenantId}, ${id}, ${plant_id}, 'Prova', ${category}, 'uploaded', 1, ${sha256}, 'txt', 'text/plain', 1, 'prova', ${now}, ${now})`.execute(
      db,
    )
    await sql`insert into document_versions (tenant_id, document_id, version, sha256, file_name, type, media_type, size, created_at)
              values (${tenantId}, ${id}, 1, ${sha256}, 'prova.txt', 'txt', 'text/plain', 1, ${now})`.execute(db)
    await sql`insert into file_texts (tenant_id, sha256, state, pages, pages_done, language) values (${file}, 'read', ${pages.length}, ${pages.length}, ${language}) on conflict do nothing`.execute(
      db,
    )
    for (const [index, text] of pages.entries()) {
      await sql`insert into file_pages (tenant_id, sha256, page, text, method, confidence) values (${file}, ${index + 1}, ${text}, ${method}, ${confidence}) on conflict do nothing`.execute(
        db,
      )
    }
  })
  return { id, sha256 }
}

/** Does what a worker does when a job of this kind is due. */
async function doJob(tenant: TestTenant, name: string, input: object): Promise<void> {
  const { jobs, deps } = await testApp()
  const { handler } = jobs.find(({ kind }) => kind.name === name)!
  if (!('run' in handler)) throw new Error('It is done in one Work')
  const job = { id: newId(), tenantId: tenant.id, attempt: 1, enqueuedBy: null, signal: AbortSignal.timeout(60_000) }
  await deps.installation.database.write(systemScope(tenant.id, 'test'), (work) => handler.run(work, input, job))
}
export const lookThrough = (tenant: TestTenant, sha256: string): Promise<void> =>
  doJob(tenant, fieldsOrder.name, { sha256 })
export const nightOf = (tenant: TestTenant, name: string): Promise<void> => doJob(tenant, name, {})

export async function fieldsOf(user: TestUser, id: string): Promise<DocumentFields> {
  const { status, body, text } = await user.call('GET', `/documents/${id}/fields`)
  if (status !== 200) throw new Error(text)
  return body as DocumentFields
}
