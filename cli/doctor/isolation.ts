import type { Patient } from './database.ts'
import { fail, ok, type Finding } from './finding.ts'

/** Every table that holds a tenant's or a person's rows, in all schemas of the installation. */
const TABLES = `
  select c.oid::regclass::text as name, c.relrowsecurity and c.relforcerowsecurity as forced,
         exists (select from pg_policy p where p.polrelid = c.oid
                  and ('officina_app'::regrole = any (p.polroles) or 0 = any (p.polroles))
                  and pg_get_expr(p.polqual, p.polrelid) ~ 'app\\.(tenant_id|account_id)|control\\.sessions') as policy,
         has_table_privilege('officina_app', c.oid, 'select') as readable
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where c.relkind in ('r', 'p')
     and (n.nspname = 'shared' or n.nspname ~ '^t_[0-9a-f]{32}$'
          or n.nspname = 'control' and (c.relname in ('tenants', 'accounts') or exists (
             select from pg_attribute a where a.attrelid = c.oid and a.attname in ('tenant_id', 'account_id') and not a.attisdropped)))
   order by 1`

/** A function that runs with its owner's rights and looks names up in the caller's path can be made to run the caller's. */
const FUNCTIONS = `
  select p.oid::regprocedure::text as name, coalesce(p.proconfig::text, '') ~ 'search_path' as pinned,
         has_function_privilege('public', p.oid, 'execute') as open
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
   where p.prosecdef and (n.nspname in ('control', 'shared') or n.nspname ~ '^t_[0-9a-f]{32}$')
   order by 1`

const few = (names: string[]): string => names.slice(0, 5).join(', ') + (names.length > 5 ? ' …' : '')

/** That no table and no function lets one tenant see another's rows. */
export async function examineIsolation({ client }: Patient): Promise<Finding[]> {
  const { rows: tables } = await client.query<{ name: string; forced: boolean; policy: boolean; readable: boolean }>(
    TABLES,
  )
  const { rows: functions } = await client.query<{ name: string; pinned: boolean; open: boolean }>(FUNCTIONS)
  const findings: Finding[] = []
  const wrong = (names: { name: string }[], message: (list: string) => string, mend: string): void => {
    if (names.length > 0) findings.push(fail('isolation', message(few(names.map(({ name }) => name))), mend))
  }
  wrong(
    tables.filter(({ forced }) => !forced),
    (list) => `row-level security is not forced on ${list}`,
    'alter table … enable row level security; alter table … force row level security',
  )
  wrong(
    tables.filter(({ policy, readable }) => readable && !policy),
    (list) => `the application reads ${list} without a policy of the tenant`,
    'select control.protect(…), as the migrations do',
  )
  wrong(
    functions.filter(({ pinned }) => !pinned),
    (list) => `${list} runs with its owner's rights and no search path of its own`,
    'alter function … set search_path = pg_catalog, pg_temp',
  )
  wrong(
    functions.filter(({ open }) => open),
    (list) => `everybody may call ${list}, which runs with its owner's rights`,
    'revoke execute on function … from public',
  )
  if (tables.length === 0) findings.push(fail('isolation', 'no table was found', 'npm start makes what is missing.'))
  if (findings.length > 0) return findings
  return [
    ok(
      'isolation',
      `row-level security is forced on ${tables.length} tables; ${functions.length} functions with rights of their own are closed`,
    ),
  ]
}
