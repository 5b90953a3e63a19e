/** What PostgreSQL's catalogue says of the installed schemas, for the tests that hold every table to the house's laws. */
import type pg from 'pg'

export type Table = {
  oid: number
  schema: string
  table: string
  columns: string[]
  rls: boolean
  forced: boolean
  /** Privileges of officina_app on the table as a whole, or on any column. */
  app: string[]
}

/** Every table of these schemas; partitions count as tables of their own. */
export async function tablesOf(client: pg.ClientBase, schemas: readonly string[]): Promise<Table[]> {
  const { rows } = await client.query<Table>(
    `select c.oid::int, n.nspname as schema, c.relname as table, c.relrowsecurity as rls, c.relforcerowsecurity as forced,
            array(select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                   order by a.attnum) as columns,
            array(select p from unnest(array['select', 'insert', 'update', 'delete']) p
                   where has_table_privilege('officina_app', c.oid, p)
                      or (p <> 'delete' and has_any_column_privilege('officina_app', c.oid, p))) as app
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = any ($1) and c.relkind in ('r', 'p') order by 2, 3`,
    [schemas],
  )
  return rows
}

export type Policy = {
  schema: string
  table: string
  policy: string
  roles: string[]
  permissive: boolean
  using: string
  check: string | null
}

export async function policiesOf(client: pg.ClientBase, schemas: readonly string[]): Promise<Policy[]> {
  const { rows } = await client.query<Policy>(
    `select schemaname as schema, tablename as table, policyname as policy, roles::text[] as roles,
            permissive = 'PERMISSIVE' as permissive, coalesce(qual, with_check) as using, with_check as check
       from pg_policies where schemaname = any ($1) order by 1, 2, 3`,
    [schemas],
  )
  return rows
}

export type Index = { schema: string; table: string; index: string; primary: boolean; columns: string[] }

export async function indexesOf(client: pg.ClientBase, schemas: readonly string[]): Promise<Index[]> {
  const { rows } = await client.query<Index>(
    `select n.nspname as schema, c.relname as table, i.relname as index, x.indisprimary as primary,
            array(select pg_get_indexdef(x.indexrelid, k, true) from generate_series(1, x.indnkeyatts) k) as columns
       from pg_index x join pg_class c on c.oid = x.indrelid join pg_class i on i.oid = x.indexrelid
       join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = any ($1) and c.relkind in ('r', 'p') order by 1, 2, 3`,
    [schemas],
  )
  return rows
}

export type ForeignKey = {
  schema: string
  table: string
  name: string
  columns: string[]
  to: string
  toSchema: string
  toColumns: string[]
  onDelete: string
}

export async function foreignKeysOf(client: pg.ClientBase, schemas: readonly string[]): Promise<ForeignKey[]> {
  const names = (keys: string, of: string): string =>
    `array(select a.attname::text from unnest(${keys}) with ordinality k(n, i) join pg_attribute a on a.attrelid = ${of} and a.attnum = k.n order by k.i)`
  const { rows } = await client.query<ForeignKey>(
    `select n.nspname as schema, c.relname as table, f.conname as name, ${names('f.conkey', 'f.conrelid')} as columns,
            t.relname as to, tn.nspname as "toSchema", ${names('f.confkey', 'f.confrelid')} as "toColumns", f.confdeltype as "onDelete"
       from pg_constraint f join pg_class c on c.oid = f.conrelid join pg_namespace n on n.oid = c.relnamespace
       join pg_class t on t.oid = f.confrelid join pg_namespace tn on tn.oid = t.relnamespace
      where f.contype = 'f' and n.nspname = any ($1) order by 1, 2, 3`,
    [schemas],
  )
  return rows
}

export type Routine = {
  schema: string
  name: string
  definer: boolean
  settings: string[]
  owner: string
  publicly: boolean
}

export async function routinesOf(client: pg.ClientBase, schemas: readonly string[]): Promise<Routine[]> {
  const { rows } = await client.query<Routine>(
    `select n.nspname as schema, p.oid::regprocedure::text as name, p.prosecdef as definer, coalesce(p.proconfig, '{}') as settings,
            pg_get_userbyid(p.proowner) as owner, has_function_privilege('public', p.oid, 'execute') as publicly
       from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = any ($1) order by 1, 2`,
    [schemas],
  )
  return rows
}

/** Everything in a tenant schema as lines of text, without the schema's own name. */
export async function portrait(client: pg.ClientBase, schema: string): Promise<string[]> {
  const { rows } = await client.query<{ line: string }>(
    `with t as (select c.* from pg_class c where c.relnamespace = $1::regnamespace)
     select line from (
       select format('column %s.%s %s %s default %s generated %s collation %s', t.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                     case when a.attnotnull then 'not null' else '' end, pg_get_expr(d.adbin, d.adrelid), a.attgenerated, a.attcollation) as line
         from t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
         left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum where t.relkind in ('r', 'p', 'v', 'm')
       union all select format('relation %s %s rls %s %s acl %s owner %s options %s', t.relkind, t.relname, t.relrowsecurity, t.relforcerowsecurity,
                     (select string_agg(x::text, ' ' order by x::text) from unnest(t.relacl) x), t.relowner::regrole, t.reloptions) from t
       union all select format('column grant %s.%s %s', t.relname, a.attname, a.attacl) from t join pg_attribute a on a.attrelid = t.oid where a.attacl is not null
       union all select format('constraint %s on %s: %s', k.conname, t.relname, pg_get_constraintdef(k.oid)) from pg_constraint k join t on t.oid = k.conrelid
       union all select 'index ' || pg_get_indexdef(x.indexrelid) from pg_index x join t on t.oid = x.indrelid
       union all select format('policy %s on %s %s %s %s to %s using %s check %s', p.polname, t.relname, p.polcmd, p.polpermissive, '',
                     (select string_agg(r::regrole::text, ' ' order by r::regrole::text) from unnest(p.polroles) r),
                     pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) from pg_policy p join t on t.oid = p.polrelid
       union all select format('trigger on %s: %s', t.relname, pg_get_triggerdef(g.oid)) from pg_trigger g join t on t.oid = g.tgrelid where not g.tgisinternal
       union all select format('function %s owner %s acl %s', pg_get_functiondef(f.oid), f.proowner::regrole, f.proacl) from pg_proc f
        where f.pronamespace = $1::regnamespace
     ) lines order by 1`,
    [schema],
  )
  return rows.map(({ line }) => line.replaceAll(new RegExp(`\\b${schema}\\b`, 'g'), '<schema>')).toSorted()
}
