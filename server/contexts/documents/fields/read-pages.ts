import { sql } from 'kysely'
import { MOST_CHARACTERS, type PageText } from './page-fields.ts'
import type { FieldWork } from './tables.ts'

/** Of one content: what comes after is not looked at. */
const [MOST_PAGES, MOST_TEXT] = [200, 1_500_000]

export type ContentText = { language: string | null; pages: PageText[] }

/** The pages of a content as far as values are looked for in them; none where it was not read. */
export async function readPages(
  { db, tenantId }: FieldWork,
  sha256: string,
  most: number = MOST_PAGES,
): Promise<ContentText> {
  const { rows } = await sql<PageText & { language: string | null }>`
    select p.page, left(p.text, ${MOST_CHARACTERS}) as text, case when p.method = 'ocr' then p.confidence end as confidence, t.language
      from file_pages p join file_texts t on t.tenant_id = ${tenantId} and t.sha256 = p.sha256
     where p.tenant_id = ${tenantId} and p.sha256 = ${sha256} order by p.page limit ${most}`.execute(db)
  let left = MOST_TEXT
  const pages = rows.filter(({ text }) => (left -= text.length) > 0)
  return {
    language: rows[0]?.language ?? null,
    pages: pages.map(({ page, text, confidence }) => ({ page, text, confidence })),
  }
}
