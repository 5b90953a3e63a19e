/** A little of everything that an installation holds, made in the database itself. */
import { newId } from '../new-id.ts'
import { sql } from 'kysely'
import { Type } from 'typebox'
import type { AllTables } from '#tables'
import type { Custody } from '../database/custody.ts'
import type { Installation } from '../database/installation.ts'
import { eventKind, eventOf } from '../events/event-kind.ts'
import { sequenceEvents } from '../events/sequencer.ts'
import { systemScope } from '../database/system-scope.ts'
import type { Work } from '../database/work.ts'
import { derivedRing, encryptField } from '../secrets/field-encryption.ts'
import { createTenant } from '../tenancy/create-tenant.ts'

export type Inhabitant = {
  tenantId: string
  schema: string
  slug: string
  userId: string
  accountId: string
  email: string
  plantId: string
}

/** A company with one person, who has a second factor and a session, a role, a key, and a plant with a sealed tax code. */
export async function inhabit(
  { custody, database, masters }: Installation,
  isolation: 'shared' | 'schema',
  email = `${newId()}@example.test`,
): Promise<Inhabitant> {
  const ring = derivedRing(masters, 'fields')
  const [tenantId, userId, plantId] = [newId(), newId(), newId()]
  const slug = `c-${tenantId.slice(-12)}`
  const place = await createTenant(
    custody,
    { id: tenantId, slug, name: `Company ${slug}`, isolation, status: 'Active' },
    (_, made) => Promise.resolve(made),
  )
  const accountId = await custody.run(async ({ db }: Custody<AllTables>) => {
    const known = await db.selectFrom('control.accounts').select('id').where('email', '=', email).executeTakeFirst()
    const id = known?.id ?? newId()
    const at = new Date(Date.now() + 3_600_000).toISOString()
    if (known === undefined) {
      await db
        .insertInto('control.accounts')
        .values({ id, email, username: `u${id.slice(-12)}`, is_superuser: true })
        .execute()
      const totp_secret = encryptField(ring, 'JBSWY3DPEHPK3PXP', `control:credentials:totp_secret:${id}`)
      await db
        .insertInto('control.credentials')
        .values({ account_id: id, password_hash: `hash of ${email}`, totp_secret })
        .execute()
    }
    const of = { tenant_id: tenantId, id: newId() }
    await db
      .insertInto('control.users')
      .values({ ...of, id: userId, account_id: id, name: 'Anna', surname: 'Neri', role: 'Admin', status: 'Active' })
      .execute()
    await db
      .insertInto('control.roles')
      .values({ ...of, name: 'Reader', permissions: ['plants.read'] })
      .execute()
    await db
      .insertInto('control.api_keys')
      .values({ ...of, name: 'key', key_hash: `hash ${tenantId}`, hint: 'abcd', permissions: ['plants.read'] })
      .execute()
    await db
      .insertInto('control.sessions')
      .values({ ...of, user_id: userId, account_id: id, refresh_hash: newId(), expires_at: at })
      .execute()
    await db
      .insertInto('control.tickets')
      .values({ hash: newId(), purpose: 'invitation', account_id: id, tenant_id: tenantId, expires_at: at })
      .execute()
    return id
  })
  await addPlantTo({ database, masters }, tenantId, plantId)
  return { tenantId, schema: place.schema_name, slug, userId, accountId, email, plantId }
}

const plantMade = eventKind({
  ...{ type: 'PlantCreated', topic: 'plants', permission: 'plants.read' },
  data: Type.Object({ plant_id: Type.String() }),
})

/** A plant with a registry and a reading; its entry in the trail and its event in the same transaction. */
export async function addPlantTo(
  { database, masters }: Pick<Installation, 'database' | 'masters'>,
  tenantId: string,
  plantId = newId(),
): Promise<string> {
  const tax_code = encryptField(
    derivedRing(masters, 'fields'),
    `tax of ${plantId}`,
    `${tenantId}:plant_registries:tax_code:${plantId}`,
  )
  await database.write(systemScope(tenantId, 'test'), async ({ db, record }: Work<AllTables>) => {
    const plant = {
      tenant_id: tenantId,
      id: plantId,
      name: 'Sole\tè «qui»\n\\N',
      code: plantId,
      type: 'Wind',
      status: 'In Operation',
      search_text: '',
    }
    await db.insertInto('plants').values(plant).execute()
    await db.insertInto('plant_registries').values({ tenant_id: tenantId, plant_id: plantId, tax_code }).execute()
    await sql`insert into sensors (tenant_id, id, plant_id, name, unit, max)
      values (${tenantId}, gen_random_uuid(), ${plantId}, 'Power', 'kW', random())`.execute(db)
    const event = eventOf(plantMade, { subject: `plants/${plantId}`, plant_id: plantId }, { plant_id: plantId })
    record(
      { action: 'plants.created', resource: 'plant', resource_id: plantId, plant_id: plantId, after: { name: 'é' } },
      event,
    )
  })
  return plantId
}

/** Numbers and chains everything that is committed. */
export async function sequence({ custody }: Installation): Promise<void> {
  // Null while an application on the same database is at it.
  for (let numbered: number | null = null; numbered !== 0;) numbered = await sequenceEvents(custody)
}
