import type pg from 'pg'
import { placeOf, quoted } from '../../copies/rows.ts'
import { tablesIn, type Table } from '../../copies/tables.ts'

/** A table of a company here and there, and the statements that bring its rows over. `$1` is the company in each. */
export type MovedTable = {
  readonly name: string
  readonly here: string
  readonly there: string
  /** Rows after `$2…` in the order of the key, or from the first where `after` is false; answers how many and the last key. */
  readonly copy: (after: boolean) => string
  /** How many rows there are, and which of them (`changed`) the snapshot with the horizon `$2` may not have seen. */
  readonly scan: string
  /** Removes there what is at `$2` here. */
  readonly removeChanged: string
  /** Removes there what is no more here. */
  readonly removeVanished: string
  /** Brings over what is at `$2` here. */
  readonly copyChanged: string
  /** The next rows of the company, out of here; answers how many. */
  readonly remove: string
}

/** Rows in one statement: PostgreSQL keeps what its foreign keys have still to check in memory. */
export const BATCH = 50_000

const KEYS = `
  select c.relname as name, array_agg(a.attname::text order by array_position(i.indkey::int2[], a.attnum)) as key
    from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey)
   where n.nspname = $1 and i.indisprimary group by c.relname`

/** The tables of a schema with their keys, in an order in which they can be filled. */
export async function movedTables(client: pg.ClientBase, here: string, there: string): Promise<MovedTable[]> {
  const tables = await tablesIn(client, here)
  const { rows } = await client.query<{ name: string; key: string[] }>(KEYS, [here])
  const keys = new Map(rows.map(({ name, key }) => [name, key]))
  return tables.map((table) => movedTable(table, there, keys.get(table.name)!))
}

/**
 * What a snapshot may not have seen has an xmin that is not older than the snapshot's oldest running transaction: age() counts back
 * from now, and a number that has come round is taken for a change, which costs a copy and loses nothing.
 */
const CHANGED = 'age(s.xmin) <= (select age($2::xid8::xid))'

function movedTable({ schema, name, columns }: Table, target: string, key: readonly string[]): MovedTable {
  const [here, there] = [placeOf({ schema, name }), placeOf({ schema: target, name })]
  const list = columns.map(quoted).join(', ')
  const keyList = key.map(quoted).join(', ')
  const same = key.map((column) => `t.${quoted(column)} = s.${quoted(column)}`).join(' and ')
  const into = `insert into ${there} (${list}) overriding system value select ${list} from ${here} s where s.tenant_id = $1`
  const beyond = `(${keyList}) > (${key.map((_, at) => `$${at + 2}`).join(', ')})`
  return {
    ...{ name, here, there },
    copy: (after) => `
      with copied as (${into} ${after ? `and ${beyond}` : ''} order by ${keyList} limit ${BATCH} returning ${keyList})
      select count(*) over () as count, ${key.map((column) => `${quoted(column)}::text`).join(', ')}
        from copied order by ${key.map((column) => `copied.${quoted(column)} desc`).join(', ')} limit 1`,
    scan: `select count(*) as count, count(*) filter (where ${CHANGED}) as changes,
                  array_agg(s.ctid) filter (where ${CHANGED})::text as changed from ${here} s where s.tenant_id = $1`,
    removeChanged: `delete from ${there} t using ${here} s
                     where s.tenant_id = $1 and s.ctid = any ($2::tid[]) and t.tenant_id = $1 and ${same}`,
    removeVanished: `delete from ${there} t
                      where t.tenant_id = $1 and not exists (select from ${here} s where s.tenant_id = $1 and ${same})`,
    copyChanged: `${into} and s.ctid = any ($2::tid[])`,
    remove: `delete from ${here} where ctid = any (array(select ctid from ${here} where tenant_id = $1 limit ${BATCH}))`,
  }
}
