import { newId } from '#platform/new-id.ts'
import { sql } from 'kysely'
import type { AllTables } from '#tables'
import type { Custody, CustodyDoor } from '#platform/database/custody.ts'
import { enqueueFor } from '#platform/jobs/enqueue.ts'
import { wakeWorkers } from '#platform/jobs/wake.ts'
import { createTenant, type NewTenant as TenantRow } from '#platform/tenancy/create-tenant.ts'
import type { Post } from '../administration.ts'
import { tellTenantCreated } from '../events.ts'
import { letterOrder } from '../letters/letter-order.ts'
import { languageOf } from '../letters/letters.ts'
import { identityRefusals } from '../refusals.ts'
import { writeInvitation } from '../users/invitation.ts'
import { configurationProblems, type Configuration } from './configuration.ts'
import { getTenant } from './read-tenants.ts'
import { recordInTenant, type PlatformActor } from './record-in-tenant.ts'
import type { NewTenant, Tenant } from './schemas.ts'

/** Makes a company with its first Admin, who is invited by mail; also where that email has an account already. */
export async function openTenant(
  door: CustodyDoor,
  { admin, ...wanted }: NewTenant,
  { by, post }: { by: PlatformActor; post: Post },
): Promise<Tenant> {
  const { config } = post
  const configuration = wanted.configuration ?? {}
  const details = configurationProblems(configuration)
  if (details.length > 0) throw identityRefusals.refuse('tenants.invalid', { details })
  const isolation = wanted.isolation ?? config.TENANT_ISOLATION_MODE
  // Schemas name the same words, as the wire has them.
  const row = { status: 'Active', ...wanted, configuration, isolation } as TenantRow & { status: string }
  const tenant = await createTenant<Tenant>(door, row, async (custody, place) => {
    await inviteFirstAdmin(custody, post, { tenantId: place.id, configuration, admin })
    const { slug, name } = wanted
    const after = { slug, name, status: row.status, isolation, admin: admin.email.toLowerCase() }
    await recordInTenant(custody, place, by, { action: 'tenants.created', after, event: tellTenantCreated(place.id) })
    return getTenant(custody, place.id)
  })
  wakeWorkers()
  return tenant
}

type FirstAdmin = { tenantId: string; configuration: Configuration; admin: NewTenant['admin'] }

async function inviteFirstAdmin(
  custody: Custody<AllTables>,
  post: Post,
  { tenantId, configuration, admin }: FirstAdmin,
): Promise<void> {
  const { db } = custody
  const [userId, unknownId] = [newId(), newId()]
  const language = languageOf(configuration.locale ?? 'it-IT')
  const { rows } = await sql<{ id: string }>`
    select control.account_for(${unknownId}, ${admin.email}, ${language}, null) as id`.execute(db)
  const accountId = rows[0]!.id
  const { name, surname } = admin
  await db
    .insertInto('control.users')
    .values({ tenant_id: tenantId, id: userId, account_id: accountId, name, surname, role: 'Admin', status: 'Invited' })
    .execute()
  const order = () => enqueueFor(custody, tenantId, letterOrder, { letter: 'invitation', user_id: userId })
  await writeInvitation(custody, post, { tenantId, userId, accountId }, order)
}
