import pino from 'pino'
import { newId } from '#platform/new-id.ts'
import type { AllTables } from '#tables'
import { readConfig } from '#config'
import { openInstallation, type Installation } from '#platform/database/installation.ts'
import type { Scope, Work } from '#platform/database/work.ts'
import { createTenant } from '#platform/tenancy/create-tenant.ts'

/** Joins the server that a process has running on a home, as the command line does. */
export async function directly<T>(home: string, use: (installation: Installation) => Promise<T>): Promise<T> {
  const config = readConfig({ OFFICINA_HOME: home, OFFICINA_DEMO: 'off' })
  const installation = await openInstallation(config, pino({ level: 'silent' }), { migrate: false, join: true })
  if (installation.embedded) throw new Error('Nothing was running on this home')
  try {
    return await use(installation)
  } finally {
    await installation.close()
  }
}

/** A tenant without anybody in it. */
export async function makeTenant({ custody }: Installation, isolation: 'shared' | 'schema'): Promise<string> {
  const id = newId()
  const slug = `j-${id.slice(-12)}`
  await createTenant(custody, { id, slug, name: slug, isolation, status: 'Active' }, () => Promise.resolve())
  return id
}

const system = (tenantId: string): Scope => ({
  open: { kind: 'system' },
  tenantId,
  actor: { kind: 'system', id: null, account_id: null, session_id: null },
  requestId: 'journey',
  ip: null,
})

/** Resolves when PostgreSQL has acknowledged it. */
export async function addPlant({ database }: Installation, tenantId: string): Promise<string> {
  const id = newId()
  await database.write(system(tenantId), async ({ db, record }: Work<AllTables>) => {
    const row = {
      tenant_id: tenantId,
      id,
      name: 'Plant',
      code: id,
      type: 'Wind',
      status: 'In Operation',
      power_kw: 1000,
      search_text: '',
    }
    await db.insertInto('plants').values(row).execute()
    record({ action: 'plants.created', resource: 'plant', resource_id: id })
  })
  return id
}

export async function plantIds({ database }: Installation, tenantId: string): Promise<Set<string>> {
  const rows = await database.read(system(tenantId), ({ db }: Work<AllTables>) =>
    db.selectFrom('plants').select('id').where('tenant_id', '=', tenantId).execute(),
  )
  return new Set(rows.map((row) => row.id))
}
