import { type RawBuilder, sql } from 'kysely'
import { page, type Page } from '#platform/http/shapes.ts'
import { tenantToday } from '#platform/tenancy/tenant-day.ts'
import { plantIdsFound, plantNames } from '#contexts/plants'
import { dutiesNamed, isLate, safeDate, textsOf } from './obligation-view.ts'
import type { ObligationStatus } from './obligation-plan.ts'
import type { ObligationsWork } from './reconcile-obligations.ts'
import { workflowRefusals } from './refusals.ts'

export type ObligationFilter = {
  limit: number
  offset: number
  /** Fields of `SORTS`, separated by commas, - for descending. */
  sort?: string
  plant_id?: string
  status?: string
  obligation?: string
  period?: string
  responsible_entity?: string
  confidence?: string
  late?: boolean
  /** What finds duties by their texts and plants by theirs. */
  q?: string
  from?: string
  to?: string
}

/** What a list of obligations can be ordered by. */
export const SORTS = ['due_date', 'obligation', 'responsible_entity', 'status', 'created_at'] as const

type Row = {
  id: string
  plant_id: string
  obligation: string
  period: string
  base_date: string
  due_date: string
  status: ObligationStatus
  responsible_entity: string
  source: string
  source_year: number
  confidence: 'high' | 'medium' | 'low'
  doubts: string[]
  unverified: string[]
  workflow_id: string | null
  revision: number
  created_at: string
  updated_at: string
  created_by: string | null
  updated_by: string | null
}
const COLUMNS = sql.raw(`id, plant_id, obligation, period, base_date, due_date, status, responsible_entity, source,
  source_year, confidence, doubts, unverified, workflow_id, revision, created_at, updated_at, created_by, updated_by`)

/** Obligations by due date; those that no longer follow only where asked for by status. */
export async function listObligations(work: ObligationsWork, filter: ObligationFilter): Promise<Page<ObligationView>> {
  const where = await conditions(work, filter)
  // The page is joined to the count from the right, so that a page beyond the end knows the total too. Conditions are
  // written twice, because what they find would be copied whole if it were shared.
  const { rows } = await sql<Row & { total: number }>`
    select counted.total, paged.*
      from (select count(*)::int as total from obligations where ${where}) as counted
      left join (select ${COLUMNS} from obligations where ${where}
                  order by ${order(filter.sort)} limit ${filter.limit} offset ${filter.offset}) as paged on true
     order by ${order(filter.sort)}`.execute(work.db)
  const found = rows.filter((row) => row.id !== null)
  return page(await viewsOf(work, found), rows[0]?.total ?? 0, filter)
}

const EQUAL = ['plant_id', 'obligation', 'period', 'responsible_entity', 'confidence'] as const

async function conditions(work: ObligationsWork, filter: ObligationFilter): Promise<RawBuilder<unknown>> {
  const { status, late, q, from, to } = filter
  const terms: RawBuilder<unknown>[] = [
    sql`tenant_id = ${work.tenantId}`,
    status === undefined ? sql`status <> 'withdrawn'` : sql`status = ${status}`,
  ]
  for (const name of EQUAL) if (filter[name] !== undefined) terms.push(sql`${sql.ref(name)} = ${filter[name]}`)
  if (from !== undefined) terms.push(sql`due_date >= ${from}`)
  if (to !== undefined) terms.push(sql`due_date <= ${to}`)
  if (late !== undefined) {
    terms.push(sql`(status = 'open' and due_date < ${await tenantToday(work)}) = ${late}`)
  }
  if (q !== undefined) {
    const plants = await plantIdsFound(work, q)
    terms.push(sql`(obligation = any (${dutiesNamed(q)}::text[]) or plant_id = any (${plants}::uuid[]))`)
  }
  return sql.join(terms, sql` and `)
}

/** One obligation, also one that was withdrawn. */
export async function getObligation(work: ObligationsWork, id: string): Promise<ObligationView> {
  const { rows } = await sql<Row>`
    select ${COLUMNS} from obligations where tenant_id = ${work.tenantId} and id = ${id}`.execute(work.db)
  const [view] = await viewsOf(work, rows)
  if (view === undefined) throw workflowRefusals.refuse('obligations.not_found')
  return view
}

export type ObligationView = Awaited<ReturnType<typeof viewsOf>>[number]

async function viewsOf(work: ObligationsWork, rows: readonly Row[]) {
  if (rows.length === 0) return []
  const [today, names] = await Promise.all([
    tenantToday(work),
    plantNames(work, [...new Set(rows.map((row) => row.plant_id))]),
  ])
  return rows.map((row) => ({
    ...row,
    ...textsOf(row.obligation),
    plant_name: names.get(row.plant_id)?.name ?? null,
    plant_code: names.get(row.plant_id)?.code ?? null,
    safe_date: safeDate(row.due_date),
    late: isLate(row, today),
  }))
}

function order(sort: string | undefined) {
  const terms = (sort ?? 'due_date').split(',').map((term) => {
    const descending = term.startsWith('-')
    const field = SORTS.find((one) => one === (descending ? term.slice(1) : term))
    if (field === undefined) throw new Error(`The schema let ${term} through`)
    // security-ok: one of two words
    return sql`${sql.ref(field)} ${sql.raw(descending ? 'desc' : 'asc')}`
  })
  return sql.join([...terms, sql`due_date`, sql`id`])
}
