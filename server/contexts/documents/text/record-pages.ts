import type { TextWork } from '../tables.ts'
import type { Page } from './page.ts'
import type { Taken } from './take-up-text.ts'

type Found = {
  /** So many were known before these. */
  readonly from: number
  readonly pages: readonly Page[]
  /** How many there will be; null: not known yet. */
  readonly total: number | null
  readonly detail: string | null
}

/** Keeps pages as they come, so that progress shows and a reading that is killed goes on behind them. False: it is another's reading now. */
export async function recordPages(
  work: TextWork,
  taken: Taken,
  { from, pages, total, detail }: Found,
): Promise<boolean> {
  const { db, tenantId } = work
  const own = { tenant_id: tenantId, sha256: taken.sha256 }
  const { numUpdatedRows } = await db
    .updateTable('file_texts')
    .set({ pages_done: from + pages.length, detail, ...(total !== null && { pages: total }) })
    .where('tenant_id', '=', tenantId)
    .where('sha256', '=', taken.sha256)
    .where('reading', '=', taken.reading)
    .where('state', '=', 'reading')
    .where('pages_done', '=', from)
    .executeTakeFirst()
  if (numUpdatedRows !== 1n) return false
  if (pages.length === 0) return true
  const rows = pages.map(({ words, ...page }) => ({ ...own, ...page, words: words && JSON.stringify(words) }))
  await db
    .insertInto('file_pages')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['tenant_id', 'sha256', 'page']).doUpdateSet((build) => ({
        ...{ text: build.ref('excluded.text'), method: build.ref('excluded.method') },
        ...{ confidence: build.ref('excluded.confidence'), words: build.ref('excluded.words') },
      })),
    )
    .execute()
  return true
}
