import type { Page } from '#platform/http/shapes.ts'
import { listObligations, type ObligationFilter } from './list-obligations.ts'
import type { ObligationsWork } from './reconcile-obligations.ts'

/** Sorted by the fields of the answer, whose `date` is the obligation's `due_date`. */
export type DeadlineFilter = Omit<ObligationFilter, 'status'>

/** What the calendar can be ordered by. */
export const DEADLINE_SORTS = ['date', 'obligation', 'responsible_entity'] as const

/** The calendar: what is open, by date, late ones included. Obligations are its only kind so far. */
export async function listDeadlines(work: ObligationsWork, filter: DeadlineFilter) {
  const sort = filter.sort?.replaceAll('date', 'due_date')
  const { items, pagination } = await listObligations(work, { ...filter, ...(sort && { sort }), status: 'open' })
  const deadlines = items.map(({ id, due_date, name_it, name_en, plant_id, plant_name, plant_code, ...rest }) => {
    const { status, late, responsible_entity, obligation, period, safe_date, confidence } = rest
    return {
      ...{ date: due_date, kind: 'obligation' as const, id, title: name_it, title_en: name_en },
      ...{
        plant_id,
        plant_name,
        plant_code,
        status,
        late,
        responsible_entity,
        obligation,
        period,
        safe_date,
        confidence,
      },
    }
  })
  return { items: deadlines, pagination } satisfies Page<unknown>
}
