import type { TextWork } from '../tables.ts'
import { EDITION } from './text-state.ts'

/** A reading that is to be done or gone on with. */
export type Taken = {
  readonly sha256: string
  readonly mediaType: string
  /** Which reading of this content it is. */
  readonly reading: number
  readonly pagesDone: number
  readonly recognised: number
  /** Seconds that its earlier turns took. */
  readonly seconds: number
  readonly detail: string | null
}

/** Begins to read a content or goes on; null where there is nothing to read: not to be opened, gone, or read already. */
export async function takeUpText(work: TextWork, sha256: string): Promise<Taken | null> {
  const { db, tenantId, now } = work
  const file = await db
    .selectFrom('files')
    .select('media_type')
    .where('tenant_id', '=', tenantId)
    .where('sha256', '=', sha256)
    .where('scan', 'in', ['clean', 'not_scanned'])
    .where('purged_at', 'is', null)
    .executeTakeFirst()
  if (file === undefined) return null
  await db
    .insertInto('file_texts')
    .values({ tenant_id: tenantId, sha256, state: 'waiting' })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const text = await db
    .updateTable('file_texts')
    .set(({ fn, val, ref }) => ({
      ...{ state: 'reading', reader: EDITION },
      started_at: fn.coalesce(ref('started_at'), val(now.toISOString())),
    }))
    .where('tenant_id', '=', tenantId)
    .where('sha256', '=', sha256)
    .where('state', 'in', ['waiting', 'reading'])
    .returning(['reading', 'pages_done', 'seconds', 'detail'])
    .executeTakeFirst()
  if (text === undefined) return null
  const recognised = await db
    .selectFrom('file_pages')
    .select(({ fn }) => fn.countAll().as('pages'))
    .where('tenant_id', '=', tenantId)
    .where('sha256', '=', sha256)
    .where('method', '=', 'ocr')
    .where('page', '<=', text.pages_done)
    .executeTakeFirstOrThrow()
  const { reading, seconds, detail } = text
  return {
    ...{ sha256, mediaType: file.media_type, reading, seconds, detail },
    ...{ pagesDone: text.pages_done, recognised: Number(recognised.pages) },
  }
}
