import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'

/** A tenant that lets an account in, as which user, and how to write to that person. */
export type Membership = {
  tenant_id: string
  user_id: string
  role: string
  name: string
  slug: string
  tenant_name: string
  last_login: string | null
}

const MOST = 100

/**
 * The tenants that let an account in, by name. Suspended, expired and cancelled ones do: they can still be read or exported,
 * which the scope decides. Invited and suspended users, removed users and deleted tenants are left out.
 */
export const membershipsOf = (
  work: Work<Owned<'control.users' | 'control.tenants' | 'control.accounts'>>,
  accountId: string,
): Promise<Membership[]> =>
  work.db
    .selectFrom('control.users as u')
    .innerJoin('control.tenants as t', 't.id', 'u.tenant_id')
    .innerJoin('control.accounts as a', 'a.id', 'u.account_id')
    .select(['u.tenant_id', 'u.id as user_id', 'u.role', 'u.name', 't.slug', 't.name as tenant_name', 'u.last_login'])
    .where('u.account_id', '=', accountId)
    .where('u.status', '=', 'Active')
    .where('u.deleted_at', 'is', null)
    .where('t.deleted_at', 'is', null)
    .where('a.erased_at', 'is', null)
    .orderBy('t.name')
    .orderBy('t.id')
    .limit(MOST)
    .execute()

/** The one that was named by its slug, the only one, or the default one; null where the person must choose. */
export function chosenMembership(
  memberships: readonly Membership[],
  slug: string | null,
  defaultTenantId: string | undefined,
): Membership | 'none' | 'choose' {
  if (slug !== null) return memberships.find((one) => one.slug === slug) ?? 'none'
  const [first, ...others] = memberships
  if (first === undefined) return 'none'
  if (others.length === 0) return first
  return memberships.find((one) => one.tenant_id === defaultTenantId) ?? 'choose'
}
