import { sql } from 'kysely'
import { Type, type Static } from 'typebox'
import type { Owned } from '#tables'
import type { EdgeWork, Work } from '#platform/database/work.ts'
import { tellUserErased } from '../events.ts'
import { identityRefusals } from '../refusals.ts'

/** What an erasure took. */
export const Erasure = Type.Object(
  {
    contents: Type.Integer({ description: 'Entries of the trail about the person whose contents are gone' }),
    addresses: Type.Integer({ description: 'Entries of the trail by the person whose address is gone' }),
    account_erased: Type.Boolean({ description: 'False where the person is a user of another company too' }),
  },
  { title: 'Erasure' },
)
export type Erasure = Static<typeof Erasure>

/** A user's row, a removed one's too, held until the transaction ends. */
export async function lockPerson({ db, tenantId }: Work<Owned<'control.users' | 'control.accounts'>>, id: string) {
  const person = await db
    .selectFrom('control.users as u')
    .innerJoin('control.accounts as a', 'a.id', 'u.account_id')
    .select(['u.id', 'u.account_id', 'a.email', 'u.role', 'u.status', 'u.plant_ids', 'u.deleted_at', 'u.erased_at'])
    .where('u.tenant_id', '=', tenantId)
    .where('u.id', '=', id)
    .forUpdate('u')
    .executeTakeFirst()
  if (person === undefined) throw identityRefusals.refuse('users.not_found')
  if (person.erased_at !== null) throw identityRefusals.refuse('users.erased')
  return person
}

/**
 * Forgets a user whose row is held. The entry says how much was taken, so that verifying the trail can tell this from somebody
 * who blanks entries; the event tells followers, who keep copies, to do the same.
 */
export async function erasePerson(work: EdgeWork, id: string): Promise<Erasure> {
  const { rows } = await sql<{ done: Erasure | null }>`select control.erase_person(${id}) as done`.execute(work.db)
  const done = rows[0]?.done
  if (!done) throw identityRefusals.refuse('users.not_found')
  work.record({ action: 'users.erased', resource: 'user', resource_id: id, after: done }, tellUserErased(id))
  return done
}
