import type { Owned } from '#tables'
import type { Custody } from '../database/custody.ts'

/** The tenants for which the machine may work: neither suspended nor gone or expired. */
export async function workingTenants({ db, now }: Custody<Owned<'control.tenants'>>): Promise<string[]> {
  const rows = await db
    .selectFrom('control.tenants')
    .select('id')
    .where('deleted_at', 'is', null)
    .where('status', 'in', ['Active', 'Trial'])
    .where((eb) => eb.or([eb('plan_expiry', 'is', null), eb('plan_expiry', '>=', now.toISOString().slice(0, 10))]))
    .orderBy('id')
    .execute()
  return rows.map((row) => row.id)
}
