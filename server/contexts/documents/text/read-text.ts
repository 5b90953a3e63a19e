import type { TextWork } from '../tables.ts'
import { findReadable } from './find-readable.ts'
import type { DocumentText, TextStanding, Words } from './schemas.ts'

type Asked = { id: string; version?: number; from_page: number; limit: number; words: boolean }

/** How far the reading is and what it found out, without the pages. */
export async function readStanding(
  { db, tenantId }: Pick<TextWork, 'db' | 'tenantId'>,
  { sha256, version }: { sha256: string; version: number },
): Promise<TextStanding> {
  const own = { version, sha256 }
  const text = await db
    .selectFrom('file_texts')
    .select(['state', 'detail', 'language', 'pages', 'pages_done', 'started_at', 'ended_at'])
    .where('tenant_id', '=', tenantId)
    .where('sha256', '=', sha256)
    .executeTakeFirst()
  if (text === undefined) {
    const nothing = { state: 'waiting', detail: null, method: null, language: null } as const
    return { ...own, ...nothing, pages: null, pages_done: 0, started_at: null, ended_at: null }
  }
  const methods = await db
    .selectFrom('file_pages')
    .select('method')
    .distinct()
    .where('tenant_id', '=', tenantId)
    .where('sha256', '=', sha256)
    .where('page', '<=', text.pages_done)
    .execute()
  const only = methods.length === 1 ? methods[0]!.method : null
  const method = methods.length > 1 ? 'mixed' : (only as 'text' | 'ocr' | null)
  return { ...own, ...text, language: text.language as 'it' | 'en' | null, method }
}

/** What stands in a document, page by page, as far as it is read by now. Refused: what `findReadable` refuses. */
export async function readText(work: TextWork, asked: Asked): Promise<DocumentText> {
  const found = await findReadable(work, asked)
  const standing = await readStanding(work, found)
  const pages = await work.db
    .selectFrom('file_pages')
    .select(['page', 'text', 'method', 'confidence'])
    .$if(asked.words, (query) => query.select('words'))
    .where('tenant_id', '=', work.tenantId)
    .where('sha256', '=', found.sha256)
    .where('page', '>=', asked.from_page)
    .where('page', '<=', standing.pages_done)
    .orderBy('page')
    .limit(asked.limit)
    .execute()
  const items = pages.map(({ words, ...page }) => ({
    ...page,
    method: page.method as 'text' | 'ocr',
    ...(asked.words && { words: (words ?? null) as Words | null }),
  }))
  const last = items.at(-1)?.page
  return { ...standing, items, next_page: last !== undefined && last < standing.pages_done ? last + 1 : null }
}
