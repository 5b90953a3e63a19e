import { extensions } from '#platform/database/roles.ts'
import type { Patient } from './database.ts'
import { fail, ok, warn, type Finding } from './finding.ts'

const GROUPS = ['officina_owner', 'officina_custody', 'officina_app', 'officina_search'] as const
const AGAIN = 'Start Officina with a DATABASE_URL that may make roles, or make them as docs/operate.md says.'

/** Roles and what they may: above all that the application cannot step around a policy. */
export async function examineRoles(patient: Patient): Promise<Finding[]> {
  return [...(await groups(patient)), ...(await application(patient)), await installedExtensions(patient)]
}

async function groups({ client }: Patient): Promise<Finding[]> {
  const { rows } = await client.query<{ name: string; wrong: boolean }>(
    'select rolname as name, rolsuper or rolbypassrls or rolcanlogin or rolcreaterole as wrong from pg_roles where rolname = any ($1)',
    [GROUPS],
  )
  const missing = GROUPS.filter((name) => !rows.some((row) => row.name === name))
  const findings = missing.map((name) => fail('roles', `${name} is missing`, AGAIN))
  for (const { name } of rows.filter(({ wrong }) => wrong))
    findings.push(
      fail(
        'roles',
        `${name} may log in, make roles or bypass policies`,
        `alter role ${name} nologin nosuperuser nobypassrls nocreaterole`,
      ),
    )
  if (missing.length > 0) return findings
  const { rows: memberships } = await client.query<{ searches: boolean; inherits: boolean }>(`
    select pg_has_role('officina_owner', 'officina_search', 'member') as searches,
           (select rolinherit from pg_roles where rolname = 'officina_owner') as inherits`)
  const { searches, inherits } = memberships[0]!
  if (!searches)
    findings.push(warn('search', 'the owner cannot hand search functions to officina_search: search is slower', AGAIN))
  if (inherits)
    findings.push(
      fail('roles', 'officina_owner inherits, so it sees what custody sees', 'alter role officina_owner noinherit'),
    )
  return findings.length > 0 ? findings : [ok('roles', `${GROUPS.length} roles with the rights they need`)]
}

const APPLICATION = `
  with recursive held as (
    select oid, rolname, rolsuper, rolbypassrls from pg_roles where rolname = $1
    union
    select r.oid, r.rolname, r.rolsuper, r.rolbypassrls
      from held join pg_auth_members m on m.member = held.oid join pg_roles r on r.oid = m.roleid)
  select (select count(*)::int from held) as roles,
         coalesce((select array_agg(rolname::text) from held where rolsuper or rolbypassrls), '{}') as bypassing,
         coalesce((select array_agg(rolname::text) from held where rolname in ('officina_owner', 'officina_custody', 'officina_search')), '{}') as forbidden,
         exists (select from held where rolname = 'officina_app') as member,
         coalesce((select array_agg(distinct c.oid::regclass::text) from pg_class c join held on held.oid = c.relowner
                    where c.relkind in ('r', 'p', 'v', 'm')), '{}') as owned,
         coalesce((select array_agg(n.nspname::text) from pg_namespace n
                    where (n.nspname in ('control', 'shared', 'ext') or n.nspname ~ '^t_[0-9a-f]{32}$')
                      and has_schema_privilege($1, n.oid, 'create')), '{}') as creates_in`
type Application = {
  roles: number
  bypassing: string[]
  forbidden: string[]
  member: boolean
  owned: string[]
  creates_in: string[]
}

async function application({ client, appLogin }: Patient): Promise<Finding[]> {
  const { rows } = await client.query<Application>(APPLICATION, [appLogin])
  const { roles, bypassing, forbidden, member, owned, creates_in } = rows[0]!
  if (roles === 0) return [fail('application', `the log-in ${appLogin} is missing`, AGAIN)]
  const findings: Finding[] = []
  const problem = (message: string, mend: string): void => void findings.push(fail('application', message, mend))
  if (!member) problem(`${appLogin} is no member of officina_app`, `grant officina_app to "${appLogin}"`)
  if (bypassing.length > 0)
    problem(
      `${appLogin} bypasses row-level security through ${bypassing.join(', ')}: tenants are not separated`,
      'Give the application a log-in that is a member of officina_app and of nothing else.',
    )
  if (forbidden.length > 0)
    problem(
      `${appLogin} can enter ${forbidden.join(', ')}: it sees every tenant`,
      `revoke ${forbidden.join(', ')} from "${appLogin}"`,
    )
  if (owned.length > 0)
    problem(
      `${appLogin} owns ${owned.slice(0, 5).join(', ')}: an owner can switch policies off`,
      'alter table … owner to officina_owner',
    )
  if (creates_in.length > 0)
    problem(
      `${appLogin} may make objects in ${creates_in.slice(0, 5).join(', ')}`,
      `revoke create on schema … from "${appLogin}", officina_app, public`,
    )
  return findings.length > 0 ? findings : [ok('application', `${appLogin} owns nothing and cannot bypass a policy`)]
}

async function installedExtensions({ client }: Patient): Promise<Finding> {
  const { rows } = await client.query<{ name: string }>(
    "select e.extname as name from pg_extension e join pg_namespace n on n.oid = e.extnamespace where n.nspname = 'ext'",
  )
  const missing = extensions.filter((name) => !rows.some((row) => row.name === name))
  if (missing.length === 0) return ok('extensions', `${extensions.join(', ')} in schema ext`)
  const mend = missing.map((name) => `create extension ${name} schema ext`).join('; ')
  return fail('extensions', `${missing.join(', ')} missing in schema ext`, `${mend} (Debian: postgresql-contrib)`)
}
