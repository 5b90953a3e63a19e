import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'

/** Who invites, as the letter says it: a person by name, a program or the machine by the company's. */
export async function inviterOf(
  { db, tenantId }: Work<Owned<'control.users'>>,
  actorId: string | null,
  tenantName: string,
): Promise<string> {
  if (actorId === null) return tenantName
  const user = await db
    .selectFrom('control.users')
    .select(['name', 'surname'])
    .where('tenant_id', '=', tenantId)
    .where('id', '=', actorId)
    .executeTakeFirst()
  return user === undefined ? tenantName : `${user.name} ${user.surname}`
}
