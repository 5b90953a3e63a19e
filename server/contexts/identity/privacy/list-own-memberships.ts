import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'

export type OwnMembership = Awaited<ReturnType<typeof listOwnMemberships>>[number]

/** Every company that knows the person of an account, those that removed them too; no more than anybody has. */
export const listOwnMemberships = (work: Work<Owned<'control.users' | 'control.tenants'>>, accountId: string) =>
  work.db
    .selectFrom('control.users as u')
    .innerJoin('control.tenants as t', 't.id', 'u.tenant_id')
    .select(['u.tenant_id', 'u.id', 'u.role', 'u.status', 'u.plant_ids', 'u.deleted_at'])
    .where('u.account_id', '=', accountId)
    .where('u.erased_at', 'is', null)
    .where('t.deleted_at', 'is', null)
    .orderBy('u.created_at')
    .limit(1_000)
    .execute()
