import { readFile } from 'node:fs/promises'
import { sql } from 'kysely'
import { newId } from '#platform/new-id.ts'
import type { AllTables, Owned } from '#tables'
import type { Config } from '#config'
import { hashPassword, verifyPassword } from '#contexts/identity'
import { importReadings } from '#contexts/plant-ops'
import { createPlant, replaceRegistry } from '#contexts/plants'
import { afterPlantChange, completeObligations, listObligations } from '#contexts/workflows'
import type { BlobStore } from '#platform/blob/blob-store.ts'
import type { Custody } from '#platform/database/custody.ts'
import type { Installation } from '#platform/database/installation.ts'
import { systemScope } from '#platform/database/system-scope.ts'
import type { EdgeWork, Scope, Work } from '#platform/database/work.ts'
import type { KeyRing } from '#platform/secrets/field-encryption.ts'
import type { Log } from '#platform/telemetry/log.ts'
import { createTenant } from '#platform/tenancy/create-tenant.ts'
import foodPlants from './data/food-plants.json' with { type: 'json' }
import powerPlants from './data/plants.json' with { type: 'json' }
import tenants from './data/tenants.json' with { type: 'json' }
import users from './data/users.json' with { type: 'json' }
import { createDocuments, storeDocuments } from './documents.ts'
import { serfReadings } from './serf-readings.ts'

export type DemonstrationDeps = {
  config: Config
  installation: Installation
  ring: KeyRing
  log: Log
  blobs: BlobStore
}

/** Whether the password that was given is the one that signs in. */
export type Seeded = { passwordHolds: boolean }

type Tenant = (typeof tenants)[number]
type PlantData = Parameters<typeof createPlant>[1] & {
  code: string
  registry: Parameters<typeof replaceRegistry>[1]['body']
}

const plantsOf: Readonly<Record<string, readonly PlantData[]>> = { demo: powerPlants, pasta: foodPlants }
const MEASURED = 'PV-NREL-SERF-W'
/** Who holds this advisory lock seeds; the word «demo» in ASCII. */
const LOCK = 0x64656d6f
const SEEDED = { action: 'demonstration.seeded', resource: 'tenant' } as const

/**
 * Makes the demonstration once: two tenants with their people, then plants, registries, deadlines and readings in one
 * transaction each. Killed in the middle it is finished by the next start; what people changed since is left alone. A
 * company of the same short name that is not the demonstration's is left alone too.
 */
export async function seedDemonstration(deps: DemonstrationDeps, password: string): Promise<Seeded> {
  await deps.installation.custody.session(async (client) => {
    await client.query('select pg_advisory_lock($1)', [LOCK])
    try {
      let hash: string | undefined
      for (const tenant of tenants) {
        const id = await findTenant(deps, tenant.slug)
        if (id !== null && (await isDone(deps, id, tenant))) continue
        const made = id ?? (await makeTenant(deps, tenant, (hash ??= await hashPassword(password))))
        const documents = await storeDocuments(deps, made, tenant.slug)
        await deps.installation.database.write(atTheStartOfTheYear(made), async (work) => {
          const plants = await fill(work, deps, tenant.slug)
          await createDocuments(work, documents, plants)
        })
      }
    } finally {
      await client.query('select pg_advisory_unlock($1)', [LOCK])
    }
  })
  return { passwordHolds: await passwordHolds(deps, password) }
}

/** The demonstration may be older than the setting, and people may have changed the password. */
async function passwordHolds({ installation }: DemonstrationDeps, password: string): Promise<boolean> {
  const row = await installation.custody.run(({ db }: Custody<AllTables>) =>
    db
      .selectFrom('control.credentials')
      .innerJoin('control.accounts', 'control.accounts.id', 'control.credentials.account_id')
      .select('password_hash')
      .where('email', '=', users[0]?.email ?? '')
      .executeTakeFirst(),
  )
  return (await verifyPassword(row?.password_hash ?? null, password)).ok
}

/**
 * The plants count as entered on 1 January, so that this year's duties are tracked: of what fell due before a plant was
 * entered nobody knows whether it was done.
 */
function atTheStartOfTheYear(tenantId: string): Scope {
  // In UTC it is the first of January in Rome as well.
  const now = new Date(Date.UTC(new Date().getUTCFullYear(), 0, 1))
  return { ...systemScope(tenantId, 'demonstration'), now }
}

const findTenant = ({ installation }: DemonstrationDeps, slug: string): Promise<string | null> =>
  installation.custody.run(async ({ db }: Custody<AllTables>) => {
    const row = await db.selectFrom('control.tenants').select('id').where('slug', '=', slug).executeTakeFirst()
    return row?.id ?? null
  })

async function isDone({ installation, log }: DemonstrationDeps, tenantId: string, tenant: Tenant): Promise<boolean> {
  const emails = users.filter((user) => user.tenant === tenant.slug).map((user) => user.email)
  const { rows } = await installation.database.read(
    systemScope(tenantId, 'demonstration'),
    (work: Work<Owned<'audit' | 'control.users' | 'control.accounts'>>) =>
      sql<{ seeded: boolean; ours: boolean }>`
        select exists (select from audit where tenant_id = ${tenantId} and resource = ${SEEDED.resource}
                          and resource_id = ${tenantId} and action = ${SEEDED.action}) as seeded,
               exists (select from control.users u join control.accounts a on a.id = u.account_id
                        where u.tenant_id = ${tenantId} and a.email = any (${emails})) as ours`.execute(work.db),
  )
  const { seeded = false, ours = false } = rows[0] ?? {}
  if (!seeded && !ours) log.warn({ slug: tenant.slug }, 'a company has the short name of the demonstration: left alone')
  return seeded || !ours
}

function makeTenant({ installation, config }: DemonstrationDeps, tenant: Tenant, hash: string): Promise<string> {
  const wanted = { ...tenant, isolation: config.TENANT_ISOLATION_MODE, status: 'Active' as const }
  return createTenant(installation.custody, wanted, async ({ db }: Custody<AllTables>, place) => {
    for (const { email, name, surname, role } of users.filter((user) => user.tenant === tenant.slug)) {
      const account = newId()
      await db
        .insertInto('control.accounts')
        .values({ id: account, email })
        .onConflict((conflict) => conflict.column('email').doNothing())
        .execute()
      const { id: account_id } = await db
        .selectFrom('control.accounts')
        .select('id')
        .where('email', '=', email)
        .executeTakeFirstOrThrow()
      // Somebody's own account keeps its password.
      if (account_id === account) {
        await db.insertInto('control.credentials').values({ account_id, password_hash: hash }).execute()
      }
      // Until the plants are there a limited user sees none, never all.
      const person = { tenant_id: place.id, id: newId(), account_id, name, surname, role, status: 'Active' }
      await db
        .insertInto('control.users')
        .values({ ...person, plant_ids: [] })
        .execute()
    }
    return place.id
  })
}

/** Everything that belongs to the tenant, and the note that it is there: all of it or nothing. Answers with the plants' ids by code. */
async function fill(work: EdgeWork, { ring }: DemonstrationDeps, slug: string): Promise<ReadonlyMap<string, string>> {
  // Before the plants: the first of them would end a Work in which nothing stands yet (`Work.finish`).
  work.record({ ...SEEDED, resource_id: work.tenantId })
  const ids = new Map<string, string>()
  for (const { registry, ...plant } of plantsOf[slug] ?? []) {
    // The duties are derived once, when the registry is there too.
    const { id } = await createPlant(work, plant)
    await replaceRegistry(work, { id, body: registry, revisions: null, ring }, () => Promise.resolve())
    ids.set(plant.code, id)
  }
  await afterPlantChange(work, [...ids.values()])
  await completePast(work)
  await setScopes(work, slug, ids)
  const measured = ids.get(MEASURED)
  if (measured !== undefined) {
    const csv = await readFile(new URL('data/serf_west_15min.csv', import.meta.url), 'utf8')
    await importReadings(work, serfReadings(csv, measured))
  }
  return ids
}

/** Of every so many duties that were due this year one was forgotten, so that there is something late to see. */
const FORGOTTEN = 12
const PAGE = 200

/** A company that did nothing all year would show nothing but red: what was due by today counts as done, but for some. */
async function completePast(work: EdgeWork): Promise<void> {
  const to = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
  const done: string[] = []
  for (let offset = 0; ; offset += PAGE) {
    const { items, pagination } = await listObligations(work, { status: 'open', to, limit: PAGE, offset })
    done.push(...items.filter((_, index) => (offset + index) % FORGOTTEN !== FORGOTTEN - 1).map((item) => item.id))
    if (!pagination.has_more) break
  }
  await completeObligations(work, done)
}

async function setScopes(work: EdgeWork, slug: string, ids: ReadonlyMap<string, string>): Promise<void> {
  for (const { email, plant_scope } of users.filter((user) => user.tenant === slug)) {
    const plants = typeof plant_scope === 'string' ? null : plant_scope.map((code) => ids.get(code))
    await sql`update control.users u set plant_ids = ${plants}::uuid[] from control.accounts a
      where a.id = u.account_id and u.tenant_id = ${work.tenantId} and a.email = ${email}`.execute(work.db)
  }
}
