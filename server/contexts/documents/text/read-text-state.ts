import type { TextWork } from '../tables.ts'
import type { TextState } from './text-state.ts'

/** How far the reading of a content is; `pages` null: not known yet. A content that nobody has begun to read is waiting. */
export type ReadingState = { state: TextState; pages: number | null; pages_done: number }

/** For whoever shows a document: where the reading of its content stands. */
export async function textStateOf(work: Pick<TextWork, 'db' | 'tenantId'>, sha256: string): Promise<ReadingState> {
  const row = await work.db
    .selectFrom('file_texts')
    .select(['state', 'pages', 'pages_done'])
    .where('tenant_id', '=', work.tenantId)
    .where('sha256', '=', sha256)
    .executeTakeFirst()
  return row === undefined
    ? { state: 'waiting', pages: null, pages_done: 0 }
    : { ...row, state: row.state as TextState }
}
