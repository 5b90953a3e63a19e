import { sql, type Kysely } from 'kysely'
import type { Owned } from '#tables'
import type { PlantScope } from '../plant-scope.ts'
import type { User, UserStatus } from './schemas.ts'

/**
 * The status as it is told: who was added with a password is Active, also where the email was somebody's account
 * already and that person still has to accept; otherwise the list would tell which emails have accounts.
 */
export const shownStatus = sql<UserStatus>`case when u.status = 'Invited' and u.password_given then 'Active' else u.status end`

/** Users with their account's email, as the wire has them; hidden ones are left out. */
export const selectUsers = (db: Kysely<Owned<'control.users' | 'control.accounts'>>, tenantId: string) =>
  db
    .selectFrom('control.users as u')
    .innerJoin('control.accounts as a', 'a.id', 'u.account_id')
    .where('u.tenant_id', '=', tenantId)
    .where('u.deleted_at', 'is', null)
    .select(['u.id', 'a.email', 'u.name', 'u.surname', 'u.role', 'u.last_login'])
    .select(['u.revision', 'u.created_at', 'u.updated_at', 'u.created_by', 'u.updated_by'])
    .select([shownStatus.as('status'), sql<PlantScope>`coalesce(to_jsonb(u.plant_ids), '"all"')`.as('plant_scope')])
    .$castTo<User>()
