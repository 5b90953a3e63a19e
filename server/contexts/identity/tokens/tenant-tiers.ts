import type { Owned } from '#tables'
import type { Custody, CustodyDoor } from '#platform/database/custody.ts'

/** Which tier each tenant has, for the limits of calls; at most a minute old. */
export type TenantTiers = { of: (tenantId: string) => string; stop: () => void }

const REFRESH_MS = 60_000
const USUAL = 'standard'

export async function openTenantTiers(door: CustodyDoor): Promise<TenantTiers> {
  let tiers = new Map<string, string>()
  const refresh = async (): Promise<void> => {
    const rows = await door.run(({ db }: Custody<Owned<'control.tenants'>>) =>
      db
        .selectFrom('control.tenants')
        .select(['id', 'tier'])
        .where('tier', '!=', USUAL)
        .where('deleted_at', 'is', null)
        .execute(),
    )
    tiers = new Map(rows.map(({ id, tier }) => [id, tier]))
  }
  await refresh()
  // What could not be read stays as it was: a limit is a courtesy.
  const timer = setInterval(() => void refresh().catch(() => undefined), REFRESH_MS).unref()
  return { of: (tenantId) => tiers.get(tenantId) ?? USUAL, stop: () => clearInterval(timer) }
}
