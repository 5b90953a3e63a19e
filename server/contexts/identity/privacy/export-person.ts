import { sql } from 'kysely'
import type { Owned } from '#tables'
import type { EdgeWork, Work } from '#platform/database/work.ts'
import { identityRefusals } from '../refusals.ts'
import type { AccountExport, Company, KeptEntry } from './person-export.ts'

const letters = (of: ReturnType<typeof sql>) => sql`
  coalesce((select jsonb_agg(jsonb_build_object('purpose', k.purpose, 'sent_at', k.created_at, 'expires_at', k.expires_at,
                                                'used_at', k.used_at) order by k.created_at)
              from control.tickets k where k.purpose in ('invitation', 'password_reset') and ${of}), '[]')`

/** What stands of the account itself, in the account's own scope. */
export async function exportAccount({ db }: EdgeWork, accountId: string): Promise<AccountExport> {
  const { rows } = await sql<{ account: AccountExport }>`
    select jsonb_build_object('id', a.id, 'email', a.email, 'username', a.username, 'language', a.language, 'created_at', a.created_at,
             'second_factor', c.totp_secret is not null,
             'known_devices', coalesce((select jsonb_agg(jsonb_build_object('first_seen', d.first_seen, 'last_seen', d.last_seen)
                                                         order by d.first_seen)
                                          from control.known_devices d where d.account_id = a.id), '[]'),
             'letters', ${letters(sql`k.account_id = a.id and k.tenant_id is null`)}) as account
      from control.accounts a join control.credentials c on c.account_id = a.id where a.id = ${accountId}`.execute(db)
  const account = rows[0]?.account
  if (!account) throw identityRefusals.refuse('users.not_found')
  return account
}

/** What one company keeps of a user besides its trail; a removed user's too. */
export async function exportMembership({ db, tenantId }: EdgeWork, userId: string): Promise<Company> {
  const { rows } = await sql<{ company: Company }>`
    select jsonb_build_object(
             'tenant', jsonb_build_object('id', t.id, 'slug', t.slug, 'name', t.name),
             'user', jsonb_build_object('id', u.id, 'email', a.email, 'name', u.name, 'surname', u.surname, 'role', u.role,
               'status', u.status, 'plant_scope', coalesce(to_jsonb(u.plant_ids), '"all"'), 'preferences', u.preferences,
               'last_login', u.last_login, 'created_at', u.created_at, 'removed_at', u.deleted_at),
             'sessions', coalesce((select jsonb_agg(jsonb_build_object('id', s.id, 'created_at', s.created_at,
                 'last_used_at', s.last_used_at, 'expires_at', s.expires_at, 'ended_at', s.ended_at, 'end_reason', s.end_reason,
                 'ip', s.ip, 'user_agent', s.user_agent) order by s.created_at)
                from control.sessions s where s.tenant_id = u.tenant_id and s.user_id = u.id), '[]'),
             'letters', ${letters(sql`k.tenant_id = u.tenant_id and k.user_id = u.id`)},
             'api_keys', coalesce((select jsonb_agg(jsonb_build_object('id', k.id, 'name', k.name, 'created_at', k.created_at,
                 'expires_at', k.expires_at, 'revoked_at', k.revoked_at) order by k.created_at)
                from control.api_keys k where k.tenant_id = u.tenant_id and k.created_by = u.id), '[]')) as company
      from control.users u
      join control.accounts a on a.id = u.account_id join control.tenants t on t.id = u.tenant_id
     where u.tenant_id = ${tenantId} and u.id = ${userId} and u.erased_at is null`.execute(db)
  const company = rows[0]?.company
  if (!company) throw identityRefusals.refuse('users.not_found')
  return company
}

const PAGE = 1_000
const FIRST = '00000000-0000-0000-0000-000000000000'

/**
 * Entries of the trail by a user and about them, after an id. Of those about them what was changed is told, of those by them where
 * from; the rest is other people's, or the company's.
 */
export async function exportTrail(
  { db, tenantId }: Work<Owned<'audit' | 'control.users' | 'control.sessions'>>,
  userId: string,
  after: string = FIRST,
): Promise<{ entries: KeptEntry[]; last: string | null }> {
  const { rows } = await sql<KeptEntry>`
    select e.id, e.at, e.action, e.resource, e.resource_id, e.outcome, e.repeats, e.request_id, p.by_person, p.about_person,
           case when p.by_person then e.ip end as ip, case when p.about_person then e.before end as before,
           case when p.about_person then e.after end as after
      from audit e
      join control.users u on u.tenant_id = ${tenantId} and u.id = ${userId} and u.erased_at is null
      cross join lateral (select coalesce(e.actor_id in (u.id, u.account_id), false) as by_person,
        coalesce(e.resource = 'user' and e.resource_id = u.id or e.resource = 'account' and e.resource_id = u.account_id
          or e.resource = 'session' and e.resource_id in
             (select s.id from control.sessions s where s.tenant_id = u.tenant_id and s.user_id = u.id), false) as about_person) p
     where e.tenant_id = ${tenantId} and e.id > ${after} and (p.by_person or p.about_person)
     order by e.id limit ${PAGE}`.execute(db)
  return { entries: rows, last: rows.length < PAGE ? null : rows.at(-1)!.id }
}

/** What says in the trail that somebody took a copy of a person's data. */
export const exported = (userId: string) => ({ action: 'users.exported', resource: 'user', resource_id: userId })
