import { sql } from 'kysely'
import type { Owned } from '#tables'
import type { Work } from '../database/work.ts'

export const DEFAULT_TIME_ZONE = 'Europe/Rome'

/** The zone itself, or the default where it is no zone that this system knows. */
export function knownTimeZone(zone: string | null | undefined): string {
  if (!zone) return DEFAULT_TIME_ZONE
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone
  } catch {
    return DEFAULT_TIME_ZONE
  }
}

const formatters = new Map<string, Intl.DateTimeFormat>()

/** Made once per zone: making one takes a tenth of a millisecond, and a round over all plants asks for each. */
function formatterOf(zone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(zone)
  if (formatter === undefined) {
    // Swedish dates are written year-month-day.
    const parts = { year: 'numeric', month: '2-digit', day: '2-digit' } as const
    formatters.set(zone, (formatter = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, ...parts })))
  }
  return formatter
}

/** The calendar day, `YYYY-MM-DD`, that an instant falls on in a zone. There are some 600 zones: all may be kept. */
export const dayIn = (zone: string, instant: Date): string => formatterOf(zone).format(instant)

/** The zone in which the tenant's days, shifts and deadlines are counted. */
export async function tenantTimeZone(work: Work<Owned<'control.tenants'>>): Promise<string> {
  const row = await work.db
    .selectFrom('control.tenants')
    .select(sql<string | null>`configuration ->> 'time_zone'`.as('time_zone'))
    .where('id', '=', work.tenantId)
    .executeTakeFirst()
  return knownTimeZone(row?.time_zone)
}

/** The tenant's today. */
export const tenantToday = async (work: Work<Owned<'control.tenants'>>): Promise<string> =>
  dayIn(await tenantTimeZone(work), work.now)
