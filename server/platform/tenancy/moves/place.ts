import type { AllTables } from '#tables'
import type { Custody } from '../../database/custody.ts'
import { tenancyRefusals } from '../create-tenant.ts'

export type Tenant = { id: string; slug: string; schema_name: string; schema_version: number; moving: boolean }

/** The company as it is now; `hold` keeps its row from changing until the transaction ends. */
export async function tenantOf({ db }: Custody<AllTables>, tenantId: string, hold = false): Promise<Tenant> {
  const query = db
    .selectFrom('control.tenants')
    .select(['id', 'slug', 'schema_name', 'schema_version', 'moving'])
    .where('id', '=', tenantId)
    .where('deleted_at', 'is', null)
  const row = await (hold ? query.forNoKeyUpdate() : query).executeTakeFirst()
  if (row === undefined) throw tenancyRefusals.refuse('tenants.not_found')
  return row
}

/** From `true` on rows may lie in the other place as well; what finds that and no mover clears it (`clear-other-place.ts`). */
export const markMoving = ({ db }: Custody<AllTables>, tenantId: string, moving: boolean) =>
  db.updateTable('control.tenants').set({ moving }).where('id', '=', tenantId).execute()
