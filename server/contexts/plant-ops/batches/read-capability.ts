import { type RawBuilder, sql } from 'kysely'
import { tenantTimeZone } from '#platform/tenancy/tenant-day.ts'
import { lineRefusals } from '../lines/refusals.ts'
import { oeePeriod } from '../oee/oee-period.ts'
import type { FloorWork } from '../tables.ts'
import { CAPABILITY_FORMULA, capabilityOf, type Limits, type Sample } from './capability.ts'
import { findBatch } from './get-batch.ts'

type Filter = {
  batch_id?: string
  line_id?: string
  plant_id?: string
  product_code?: string
  control_point?: string
  from?: string
  to?: string
}
const DAY_MS = 86_400_000
/** Without a period or a batch: so many days up to now. */
const USUAL_DAYS = 30
/** How many control points one answer holds. */
const MOST = 500

type Row = Limits & Sample & { product_code: string; control_point: string; unit: string }

const iso = (at: number): string => new Date(at).toISOString()

async function periodOf(work: FloorWork, { batch_id, from, to }: Filter): Promise<{ from: string; to: string }> {
  const now = work.now.getTime()
  if (batch_id !== undefined && from === undefined && to === undefined) {
    const { started_at, ended_at } = await findBatch(work, batch_id)
    // Nothing is measured before the start, and a batch that has not started has measured nothing.
    return { from: started_at ?? iso(now), to: ended_at ?? iso(now) }
  }
  const end = to ?? iso(now)
  const start = from ?? iso(Date.parse(end) - USUAL_DAYS * DAY_MS)
  const period = oeePeriod({ from: start, to: end }, await tenantTimeZone(work), now)
  if (period === null) throw lineRefusals.refuse('plant_ops.period_not_usable')
  return { from: iso(period.from), to: iso(period.to) }
}

/**
 * Cm, Cmk, Cp and Cpk of control points, by product, point and the limits that the recipe had when the batch started: what was measured
 * against other limits is another item.
 */
export async function readCapability(work: FloorWork, filter: Filter) {
  if (filter.batch_id !== undefined) await findBatch(work, filter.batch_id)
  const { from, to } = await periodOf(work, filter)
  const terms: RawBuilder<unknown>[] = [sql`m.tenant_id = ${work.tenantId}`]
  terms.push(sql`m.measured_at >= ${from}`, sql`m.measured_at <= ${to}`)
  for (const name of ['line_id', 'plant_id'] as const)
    if (filter[name] !== undefined) terms.push(sql`${sql.ref(`b.${name}`)} = ${filter[name]}`)
  if (filter.batch_id !== undefined) terms.push(sql`m.batch_id = ${filter.batch_id}`)
  if (filter.product_code !== undefined) terms.push(sql`lower(b.product_code) = lower(${filter.product_code})`)
  if (filter.control_point !== undefined) terms.push(sql`lower(m.control_point) = lower(${filter.control_point})`)
  const { rows } = await sql<Row>`
    select b.product_code, m.control_point, m.unit, (p.point ->> 'min')::float8 as min, (p.point ->> 'max')::float8 as max,
           count(*)::int as n, avg(m.value) as mean, coalesce(var_samp(m.value), 0) * (count(*) - 1) as squares
      from control_measurements m
      join batches b on b.tenant_id = m.tenant_id and b.id = m.batch_id
      join batch_recipes r on r.tenant_id = m.tenant_id and r.batch_id = m.batch_id
      cross join lateral (select point from jsonb_array_elements(r.snapshot -> 'recipe' -> 'control_points') as point
                           where point ->> 'code' = m.control_point) p
     where ${sql.join(terms, sql` and `)}
     group by b.product_code, m.control_point, m.unit, p.point ->> 'min', p.point ->> 'max', m.batch_id
     order by b.product_code, m.control_point, m.unit, p.point ->> 'min', p.point ->> 'max', m.batch_id`.execute(
    work.db,
  )
  const groups = Map.groupBy(rows, ({ product_code, control_point, unit, min, max }) =>
    JSON.stringify([product_code, control_point, unit, min, max]),
  )
  if (groups.size > MOST) throw lineRefusals.refuse('plant_ops.period_not_usable')
  const { version, source, definitions } = CAPABILITY_FORMULA
  return {
    ...{ from, to },
    items: [...groups.values()].map((samples) => {
      const { product_code, control_point, unit, min, max } = samples[0]!
      return { product_code, control_point, unit, min, max, ...capabilityOf(samples, { min, max }) }
    }),
    formula: { version, source, definitions: { ...definitions } },
  }
}
