import type pg from 'pg'
import { RESTORING } from '../database/half-restored.ts'
import { placeOf, quoted } from './rows.ts'

type Place = { schema: string; name: string }
type ForeignKey = Place & { key: string; definition: string; to_schema: string; to_name: string }

const asOwner = async (client: pg.ClientBase, use: () => Promise<void>): Promise<void> => {
  // Without a path but this one the definitions name every table with its schema.
  await client.query(`begin; set local role officina_owner; set local search_path = 'ext'; set local lock_timeout = '30s';
    set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0`)
  await use()
  await client.query('commit')
}

/**
 * Takes the foreign keys off the tables of a schema and keeps their definitions: checked for all rows at once at the end they cost a
 * fraction of what they cost for each row, and until then rows may come in any order.
 */
export const setKeysAside = (client: pg.ClientBase, schema: string): Promise<void> =>
  asOwner(client, async () => {
    const { rows } = await client.query<ForeignKey>(
      `insert into ${RESTORING}.foreign_keys
       select n.nspname, c.relname, f.conname, pg_get_constraintdef(f.oid), tn.nspname, t.relname
         from pg_constraint f join pg_class c on c.oid = f.conrelid join pg_namespace n on n.oid = c.relnamespace
         join pg_class t on t.oid = f.confrelid join pg_namespace tn on tn.oid = t.relnamespace
        where f.contype = 'f' and f.conparentid = 0 and n.nspname = $1
       returning *`,
      [schema],
    )
    for (const one of rows) await client.query(`alter table ${placeOf(one)} drop constraint ${quoted(one.key)}`)
  })

/** Brings back what is still set aside, a table at a time, each checked over all rows. */
export async function bringKeysBack(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<ForeignKey>(`select * from ${RESTORING}.foreign_keys order by schema, name, key`)
  const tables = new Map<string, ForeignKey[]>()
  for (const one of rows) tables.set(placeOf(one), [...(tables.get(placeOf(one)) ?? []), one])
  for (const keys of tables.values()) await bringBack(client, keys)
}

async function bringBack(client: pg.ClientBase, keys: readonly ForeignKey[]): Promise<void> {
  const { schema, name } = keys[0]!
  const targets = keys.map((key): Place => ({ schema: key.to_schema, name: key.to_name }))
  await asOwner(client, async () => {
    const forced = await whereForced(client, [{ schema, name }, ...targets])
    // PostgreSQL checks with the owner's eyes, which see no row of such a table, and would find nothing wrong with any.
    for (const place of forced) await client.query(`alter table ${place} no force row level security`)
    for (const { key, definition } of keys)
      await client.query(`alter table ${placeOf({ schema, name })} add constraint ${quoted(key)} ${definition}`)
    for (const place of forced) await client.query(`alter table ${place} force row level security`)
    await client.query(`delete from ${RESTORING}.foreign_keys where schema = $1 and name = $2`, [schema, name])
  })
}

async function whereForced(client: pg.ClientBase, places: readonly Place[]): Promise<string[]> {
  const { rows } = await client.query<{ place: string }>(
    `select distinct format('%I.%I', n.nspname, c.relname) as place from pg_class c join pg_namespace n on n.oid = c.relnamespace
       join unnest($1::text[], $2::text[]) as p(schema, name) on p.schema = n.nspname and p.name = c.relname
      where c.relforcerowsecurity order by 1`,
    [places.map(({ schema }) => schema), places.map(({ name }) => name)],
  )
  return rows.map(({ place }) => place)
}
