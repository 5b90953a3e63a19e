import { eventOf } from '#platform/events/event-kind.ts'
import { enqueue } from '#platform/jobs/enqueue.ts'
import type { TextWork } from '../tables.ts'
import { documentRead } from './events.ts'
import type { EndState } from './extract/content.ts'
import { languageOf } from './language.ts'
import { fieldsOrder, indexOrder, readOrder } from './orders.ts'
import type { Taken } from './take-up-text.ts'

export type Ending = {
  readonly state: 'read' | EndState
  readonly detail: string | null
  /** Null where it never came to light. */
  readonly pages: number | null
  readonly seconds: number
}

/** A letter is in one language from its first page on. */
const LANGUAGE_PAGES = 20

const ofContent = (work: TextWork, sha256: string) =>
  work.db.selectFrom('file_pages').where('tenant_id', '=', work.tenantId).where('sha256', '=', sha256)

async function textLanguage(work: TextWork, sha256: string): Promise<string | null> {
  const pages = await ofContent(work, sha256)
    .select('text')
    .where('page', '<=', LANGUAGE_PAGES)
    .orderBy('page')
    .execute()
  return languageOf(pages.map((page) => page.text).join('\n'))
}

/** The reading has come to its end: what comes next is ordered, and everybody whose document it is is told. */
export async function closeText(work: TextWork, { sha256, reading }: Taken, ending: Ending): Promise<void> {
  const { db, tenantId, now } = work
  const language = await textLanguage(work, sha256)
  const { state, detail, seconds } = ending
  const closed = await db
    .updateTable('file_texts')
    .set({
      state,
      detail,
      seconds,
      language,
      ended_at: now.toISOString(),
      ...(ending.pages !== null && { pages: ending.pages }),
    })
    .where('tenant_id', '=', tenantId)
    .where('sha256', '=', sha256)
    .where('reading', '=', reading)
    .where('state', '=', 'reading')
    .returning('pages_done')
    .executeTakeFirst()
  if (closed === undefined) return
  const documents = await db
    .selectFrom('documents')
    .select(['id', 'plant_id'])
    .where('tenant_id', '=', tenantId)
    .where('sha256', '=', sha256)
    .where('deleted_at', 'is', null)
    .execute()
  for (const { id, plant_id } of documents) {
    const told = { document_id: id, sha256, state, pages: closed.pages_done }
    work.announce(eventOf(documentRead, { subject: `documents/${id}`, plant_id }, told))
  }
  await enqueue(work, fieldsOrder, { sha256 }, { key: sha256 })
  await enqueue(work, indexOrder, { sha256 }, { key: sha256 })
}

/** This turn is over and there is more: others have theirs first, and then it goes on as a job of its own. */
export async function leaveText(work: TextWork, { sha256, reading }: Taken, spent: { seconds: number }): Promise<void> {
  const left = await work.db
    .updateTable('file_texts')
    .set(spent)
    .where('tenant_id', '=', work.tenantId)
    .where('sha256', '=', sha256)
    .where('reading', '=', reading)
    .where('state', '=', 'reading')
    .returning('pages_done')
    .executeTakeFirst()
  // The key of this job is still taken: the next has one of its own.
  if (left !== undefined) await enqueue(work, readOrder, { sha256 }, { key: `${sha256}/${reading}/${left.pages_done}` })
}
