import type pg from 'pg'
import type { BlobStore } from '../blob/blob-store.ts'
import type { CustodyDoor } from '../database/custody.ts'
import { readMigrations } from '../database/migrate.ts'
import { derivedRing } from '../secrets/field-encryption.ts'
import { controlTables } from './control-tables.ts'
import { sealBody } from './frames.ts'
import { filesOf } from './files-out.ts'
import { newHeader, type Header, type Keys } from './header.ts'
import { writeRecords, type About, type Manifest, type Part, type SequenceValue } from './records.ts'
import { copyRefusals } from './refusals.ts'
import { inSnapshot, rowsOut, type Chunks } from './rows.ts'
import { resealRows } from './sealed-fields.ts'
import { schemaOfTenant, tablesIn, type Table } from './tables.ts'

/** Where a copy is taken from, and what opens it afterwards. */
export type Source = { door: CustodyDoor; blobs: BlobStore; keys: Keys; version: string; now: Date }
export type Done = { header: Header; about: About; manifest: Manifest }

/** Takes the bytes of a copy as they are made, to their end. */
export type Sink = (bytes: Chunks) => Promise<void>

/** The whole installation as it is at one moment. */
export const writeBackup = (source: Source, sink: Sink): Promise<Done> =>
  write(source, sink, 'installation', async (client) => ({ tenant: null, schemas: await schemasOf(client) }))

/** One company as it is at one moment; refused where there is none. */
export const writeTenant = (source: Source, tenantId: string, sink: Sink): Promise<Done> =>
  write(source, sink, 'tenant', async (client) => {
    const { rows } = await client.query(
      `select id, slug, name, isolation, schema_version from control.tenants where id = $1 and deleted_at is null`,
      [tenantId],
    )
    if (rows.length === 0) throw copyRefusals.refuse('copies.no_tenant')
    const { schema_version: version, ...tenant } = rows[0]
    return { tenant, schemas: [{ name: 'tenant', version }] }
  })

async function write(
  { door, blobs, keys, version, now }: Source,
  sink: Sink,
  kind: Header['kind'],
  describe: (client: pg.ClientBase) => Promise<About>,
): Promise<Done> {
  const { control, tenant } = await readMigrations()
  const hashes = { control: control.map(({ hash }) => hash), tenant: tenant.map(({ hash }) => hash) }
  const about = { kind, created_at: now.toISOString(), officina: version, migrations: hashes }
  const { header, bytes, body, fields } = await newHeader(about, keys)
  const own = derivedRing(keys.masters, 'fields')
  return inSnapshot(door, async (client) => {
    const what = await describe(client)
    let manifest: Manifest | undefined
    const written = {
      about: what,
      parts: partsOf(client, what, (rows, table) => resealRows(rows, table, own, fields)),
      files: filesOf(client, blobs, what),
      sequences: () => sequencesOf(client, what),
    }
    const records = writeRecords(written, (made) => (manifest = made))
    await sink(prefixed(bytes, sealBody(records, body)))
    return { header, about: what, manifest: manifest! }
  })
}

async function* prefixed(first: Buffer, rest: Chunks): AsyncGenerator<Buffer> {
  yield first
  yield* rest
}

async function schemasOf(client: pg.ClientBase): Promise<About['schemas']> {
  const { rows } = await client.query(
    `select schema as name, max(version)::int as version from control.migrations where schema <> 'control' group by 1 order by 1`,
  )
  return rows
}

type Reseal = (rows: Chunks, table: Table) => Chunks

async function* partsOf(client: pg.ClientBase, { tenant, schemas }: About, reseal: Reseal): AsyncGenerator<Part> {
  const part = (table: Table, schema: string, where?: string): Part => {
    const { name, columns } = table
    return { schema, name, columns, rows: reseal(rowsOut(client, table, where), table) }
  }
  const id = tenant === null ? '' : client.escapeLiteral(tenant.id)
  for (const table of await tablesIn(client, 'control')) {
    const carried = controlTables[table.name]
    if (carried === undefined) throw new Error(`control.${table.name} is not in control-tables.ts`)
    const columns = table.columns.filter((column) => tenant === null || (carried.columns?.includes(column) ?? true))
    if (tenant === null && carried.backup) yield part(table, 'control')
    if (tenant !== null && carried.tenant !== null)
      yield part({ ...table, columns }, 'control', carried.tenant.replaceAll(':tenant', id))
  }
  if (tenant === null) {
    for (const { name } of schemas) for (const table of await tablesIn(client, name)) yield part(table, name)
    return
  }
  const schema = await schemaOfTenant(client, tenant.id)
  for (const table of await tablesIn(client, schema)) yield part(table, 'tenant', `tenant_id = ${id}`)
}

/** Where each sequence stands; not part of any snapshot, and so at least as far as what was copied before. */
async function sequencesOf(client: pg.ClientBase, { tenant, schemas }: About): Promise<SequenceValue[]> {
  const names = tenant === null ? schemas.map(({ name }) => name) : []
  // Custody may not look at every one.
  await client.query('set local role officina_owner')
  const { rows } = await client.query<SequenceValue>(
    `select schemaname as schema, sequencename as name, last_value::float8 as value from pg_sequences
      where schemaname = any ($1) and last_value is not null order by 1, 2`,
    [['control', ...names]],
  )
  await client.query('set local role officina_custody')
  return rows
}
