import { Type, type Static } from 'typebox'
import type { EdgeWork } from '#platform/database/work.ts'
import { Email, Shape } from '#platform/http/shapes.ts'
import { identityRefusals } from '../refusals.ts'
import { lockTenant } from '../tenants/lock-tenant.ts'
import { checkMayChange } from '../users/check-grant.ts'
import { keepLastAdmin } from '../users/last-admin.ts'
import { Erasure, erasePerson, lockPerson } from './erase-person.ts'

const { refuse } = identityRefusals

export const ErasureOrder = Shape(
  { confirm: { ...Email, description: 'The email of the user: there is no way back' } as typeof Email },
  { title: 'ErasureOrder' },
)

export const UserErasure = Type.Object(
  {
    ...Erasure.properties,
    api_keys: Type.Integer({ description: 'Keys that the person made, and that go on: revoke those they still hold' }),
  },
  { title: 'UserErasure' },
)

/**
 * Erases a person from the company, one who was removed before as well (GDPR, article 17). Their row stays without a name, because
 * what they did keeps who did it; keys they made stay, because plants send readings by them.
 */
export async function eraseUser(work: EdgeWork, id: string, confirm: string): Promise<Static<typeof UserErasure>> {
  await lockTenant(work)
  const person = await lockPerson(work, id)
  if (id === work.actor.id) throw refuse('users.erase_own')
  if (person.deleted_at === null) await keepLastAdmin(work, person, null)
  await checkMayChange(work, person)
  if (confirm.toLowerCase() !== person.email) {
    throw refuse('users.invalid', { details: [{ field: 'confirm', message: 'is not the email of this user' }] })
  }
  const { count } = await work.db
    .selectFrom('control.api_keys')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('tenant_id', '=', work.tenantId)
    .where('created_by', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirstOrThrow()
  return { ...(await erasePerson(work, id)), api_keys: count }
}
