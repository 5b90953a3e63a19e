import { sql } from 'kysely'
import { newId } from '#platform/new-id.ts'
import type { Owned } from '#tables'
import { violated } from '#platform/database/database-refusals.ts'
import type { Work } from '#platform/database/work.ts'
import { enqueue } from '#platform/jobs/enqueue.ts'
import type { PlantsExist, Post } from '../administration.ts'
import { tellUserCreated } from '../events.ts'
import { letterOrder } from '../letters/letter-order.ts'
import { languageOf } from '../letters/letters.ts'
import { plantIdsOf, type PlantScope } from '../plant-scope.ts'
import { identityRefusals } from '../refusals.ts'
import { lockTenant, type LockedTenant } from '../tenants/lock-tenant.ts'
import { checkGrant } from './check-grant.ts'
import { getUser } from './get-user.ts'
import { writeInvitation } from './invitation.ts'
import type { User } from './schemas.ts'

type Tables = Owned<
  'control.users' | 'control.accounts' | 'control.tenants' | 'control.tickets' | 'control.roles' | 'control.api_keys'
>

/** A user to add. `password_hash` is null where the person is invited and chooses the password. */
export type WantedUser = {
  email: string
  name: string
  surname: string
  role: string
  plant_scope?: PlantScope | undefined
  password_hash: string | null
}

/**
 * Adds a user. Where the email has an account already this is one more membership of it, and the answer does not tell:
 * the password is not used then, and the person is asked by mail, since whoever made that account first need not be
 * the owner of the email.
 */
export async function createUser(
  work: Work<Tables>,
  wanted: WantedUser,
  deps: Post & { plantsExist: PlantsExist },
): Promise<User> {
  const tenant = await lockTenant(work)
  await refuseBeyondLimit(work, tenant.max_users)
  const plant_ids = plantIdsOf(wanted.plant_scope ?? 'all')
  await checkGrant(work, deps.plantsExist, { role: wanted.role, plant_ids })

  const account = await accountFor(work, wanted, tenant)
  const direct = wanted.password_hash !== null && account.isNew
  const id = newId()
  const { name, surname, role } = wanted
  await insertUser(work, {
    ...{ id, account_id: account.id, name, surname, role, plant_ids },
    status: direct ? 'Active' : 'Invited',
    password_given: wanted.password_hash !== null && !direct,
  })
  if (!direct) {
    const invited = { tenantId: work.tenantId, userId: id, accountId: account.id }
    const order = () => enqueue(work, letterOrder, { letter: 'invitation', user_id: id })
    await writeInvitation(work, deps, invited, order)
  }
  const user = await getUser(work, id)
  const { email, status, plant_scope } = user
  const after = { email, name, surname, role, status, plant_scope }
  work.record({ action: 'users.created', resource: 'user', resource_id: id, after }, tellUserCreated(id, user))
  return user
}

async function refuseBeyondLimit({ db, tenantId }: Work<Tables>, limit: number): Promise<void> {
  const { count } = await db
    .selectFrom('control.users')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('tenant_id', '=', tenantId)
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow()
  if (count >= limit) throw identityRefusals.refuse('users.limit_reached')
}

async function accountFor(work: Work<Tables>, { email, password_hash }: WantedUser, tenant: LockedTenant) {
  const id = newId()
  const language = languageOf(tenant.configuration.locale ?? 'it-IT')
  const { rows } = await sql<{ id: string }>`
    select control.account_for(${id}, ${email}, ${language}, ${password_hash}) as id`.execute(work.db)
  const found = rows[0]!.id
  return { id: found, isNew: found === id }
}

type UserRow = {
  id: string
  account_id: string
  name: string
  surname: string
  role: string
  plant_ids: string[] | null
  status: string
  password_given: boolean
}

async function insertUser({ db, tenantId, actor }: Work<Tables>, row: UserRow): Promise<void> {
  const by = { created_by: actor.id, updated_by: actor.id }
  try {
    await db
      .insertInto('control.users')
      .values({ tenant_id: tenantId, ...row, ...by })
      .execute()
  } catch (error) {
    if (violated(error) === 'users_one_per_account') throw identityRefusals.refuse('users.email_taken')
    throw error
  }
}
