import type pg from 'pg'

/** One table as PostgreSQL's catalogue has it now; names as they are, unquoted. */
export type Table = {
  schema: string
  name: string
  /** What is written: generated columns are left out. */
  columns: string[]
  /** By column: how a value that is encrypted in its place is bound to it (`sealed-fields.ts`). */
  sealed: Record<string, string>
  /** Whether a row may refer to another row of the same table, which may come later. */
  refersToItself: boolean
}

type Found = Table & { oid: number; refers: number[] }

const FIND = `
  select c.oid::int, n.nspname as schema, c.relname as name,
         array(select a.attname::text from pg_attribute a
                where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum) as columns,
         coalesce((select jsonb_object_agg(a.attname, substr(d.description, 8)) from pg_attribute a
            join pg_description d on d.objoid = c.oid and d.classoid = 'pg_class'::regclass and d.objsubid = a.attnum
           where a.attrelid = c.oid and d.description like 'sealed %'), '{}') as sealed,
         array(select distinct f.confrelid::int from pg_constraint f where f.conrelid = c.oid and f.contype = 'f') as refers
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where n.nspname = $1 and c.relkind in ('r', 'p') and not c.relispartition
   order by c.relname`

/** The tables of a schema, each after those that it refers to: the order in which they can be filled. */
export async function tablesIn(client: pg.ClientBase, schema: string): Promise<Table[]> {
  const { rows } = await client.query<Found>(FIND, [schema])
  const ordered: Found[] = []
  const here = new Set(rows.map(({ oid }) => oid))
  for (let left = rows; left.length > 0;) {
    const done = new Set(ordered.map(({ oid }) => oid))
    const next = left.filter(({ oid, refers }) => refers.every((to) => to === oid || done.has(to) || !here.has(to)))
    if (next.length === 0)
      throw new Error(`Tables of ${schema} refer to each other in a circle: ${left.map(({ name }) => name).join(', ')}`)
    ordered.push(...next)
    left = left.filter((table) => !next.includes(table))
  }
  return ordered.map(({ oid, refers, ...table }) => ({ ...table, refersToItself: refers.includes(oid) }))
}

/** Where the rows of a company are; it must be there. */
export async function schemaOfTenant(client: pg.ClientBase, tenantId: string): Promise<string> {
  const text = 'select schema_name from control.tenants where id = $1'
  const { rows } = await client.query<{ schema_name: string }>(text, [tenantId])
  return rows[0]!.schema_name
}
