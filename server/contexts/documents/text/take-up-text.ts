import type { TextWork } from '../tables.ts'
import { deleteText } from './delete-text.ts'
import { EDITION } from './text-state.ts'

/** A reading that is to be done or gone on with. */
export type Taken = {
  readonly sha256: string
  readonly mediaType: string
  /** Which reading of this content it is. */
  readonly reading: number
  readonly pagesDone: number
  readonly recognised: number
  readonly characters: number
  /** Seconds that its earlier turns took. */
  readonly seconds: number
  readonly detail: string | null
}

/** A content that was removed for good and is stored again has nothing read out of it any more. */
async function forgetEarlier(work: TextWork, sha256: string, stored_at: string): Promise<void> {
  const ended = await work.db
    .selectFrom('file_texts')
    .select('sha256')
    .where('tenant_id', '=', work.tenantId)
    .where('sha256', '=', sha256)
    .where('ended_at', '<', stored_at)
    .executeTakeFirst()
  if (ended !== undefined) await deleteText(work, sha256)
}

/** Begins to read a content or goes on; null where there is nothing to read: not to be opened, gone, or read already. */
export async function takeUpText(work: TextWork, sha256: string): Promise<Taken | null> {
  const { db, tenantId, now } = work
  const file = await db
    .selectFrom('files')
    .select(['media_type', 'stored_at'])
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
  await forgetEarlier(work, sha256, file.stored_at)
  const text = await db
    .updateTable('file_texts')
    .set((build) => ({
      ...{ state: 'reading', reader: EDITION },
      started_at: build.fn.coalesce(build.ref('started_at'), build.val(now.toISOString())),
    }))
    .where('tenant_id', '=', tenantId)
    .where('sha256', '=', sha256)
    .where('state', 'in', ['waiting', 'reading'])
    .returning(['reading', 'pages_done', 'seconds', 'detail'])
    .executeTakeFirst()
  if (text === undefined) return null
  const known = await db
    .selectFrom('file_pages')
    .select(({ fn }) => [
      fn.countAll().filterWhere('method', '=', 'ocr').as('recognised'),
      fn.sum<string | null>(fn('length', ['text'])).as('characters'),
    ])
    .where('tenant_id', '=', tenantId)
    .where('sha256', '=', sha256)
    .where('page', '<=', text.pages_done)
    .executeTakeFirstOrThrow()
  const { reading, seconds, detail } = text
  return {
    ...{ sha256, mediaType: file.media_type, reading, seconds, detail },
    ...{ pagesDone: text.pages_done, recognised: Number(known.recognised), characters: Number(known.characters ?? 0) },
  }
}
