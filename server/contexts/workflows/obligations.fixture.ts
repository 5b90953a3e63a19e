import { sql } from 'kysely'
import { newId } from '#platform/new-id.ts'
import { systemScope } from '#platform/database/system-scope.ts'
import type { EdgeWork } from '#platform/database/work.ts'
import { testApp, type TestTenant } from '#test/harness.ts'
import { reconcileObligations } from './reconcile-obligations.ts'

/** When these tests take place. */
const NOW = new Date('2026-11-21T09:00:00Z')

export const asSystem = async <T>(tenant: TestTenant, use: (work: EdgeWork) => Promise<T>, now = NOW): Promise<T> => {
  const { database } = (await testApp()).deps.installation
  return database.write({ ...systemScope(tenant.id, 'test'), now }, use)
}

type Entered = { power_kw?: number; type?: string; created_at?: string; registry?: boolean; sale_mode?: string | null }

/** A partial-sale plant of 500 kW with every date that the rules ask for, written as it stands. */
export async function plantOf(tenant: TestTenant, change: Entered = {}): Promise<string> {
  const id = newId()
  const { power_kw = 500, type = 'Photovoltaic', created_at = '2026-11-21T08:00:00Z', registry = true } = change
  const { sale_mode = 'partial' } = change
  await asSystem(tenant, async ({ db }) => {
    await sql`insert into plants (tenant_id, id, name, code, type, status, power_kw, search_text, created_at)
      values (${tenant.id}, ${id}, 'Plant', ${id.slice(-8)}, ${type}, 'In Operation', ${power_kw}, '', ${created_at})`.execute(
      db,
    )
    if (!registry) return
    await sql`insert into plant_registries (tenant_id, plant_id, sale_mode, voltage_kv, commissioning_date,
        adm_license_code, regime, spi_tested_on, meters)
      values (${tenant.id}, ${id}, ${sale_mode}, 15, '2020-05-04', 'RME01234X', 'RID', '2025-05-02',
        ${JSON.stringify([{ serial: 'A1', kind: 'static', verified_on: '2024-03-01' }])})`.execute(db)
  })
  return id
}

export const reconcile = (tenant: TestTenant, id: string, now = NOW) =>
  asSystem(tenant, (work) => reconcileObligations(work, id), now)
