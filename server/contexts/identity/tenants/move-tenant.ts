import type { CustodyDoor } from '#platform/database/custody.ts'
import type { Isolation } from '#platform/tenancy/create-tenant.ts'
import { moveTenant as moveRows, type Moved } from '#platform/tenancy/moves/move-tenant.ts'
import { tellTenantChanged } from '../events.ts'
import { recordInTenant, type PlatformActor } from './record-in-tenant.ts'
import type { Tenant } from './schemas.ts'

type Wanted = { to: Isolation; by: PlatformActor; say: (line: string) => void }

/** Moves a company between the schema of all and one of its own while it works; it stands in its trail. */
export const moveTenant = (door: CustodyDoor, { id, isolation }: Tenant, { to, by, say }: Wanted): Promise<Moved> =>
  moveRows(door, id, {
    to,
    say,
    record: (custody, place) =>
      recordInTenant(custody, place, by, {
        ...{ action: 'tenants.moved', before: { isolation }, after: { isolation: to } },
        event: tellTenantChanged(id, 'tenants.updated', { isolation: to }),
      }),
  })
