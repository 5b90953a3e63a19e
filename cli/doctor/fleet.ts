import { readMigrations, type Migration } from '#platform/database/migrate.ts'
import type { Patient } from './database.ts'
import { fail, ok, warn, type Finding } from './finding.ts'

type Applied = { schema: string; version: number; name: string; hash: string }
type Fleet = { schema: string; tenants: number; recorded: number }

/** Where each schema stands, and whether what ran in it is what the files say. */
export async function examineFleet({ client }: Patient): Promise<Finding[]> {
  const { control, tenant } = await readMigrations()
  const { rows: applied } = await client.query<Applied>('select schema, version, name, hash from control.migrations')
  const fleet = await schemasOfTenants(client)
  const schemas = new Set(['control', 'shared', ...applied.map((row) => row.schema), ...fleet.map((row) => row.schema)])
  const findings = [...schemas].flatMap((schema) => {
    const rows = applied.filter((row) => row.schema === schema)
    return standing(
      schema,
      schema === 'control' ? control : tenant,
      rows,
      fleet.find((row) => row.schema === schema),
    )
  })
  if (findings.length > 0) return findings
  return [
    ok(
      'migrations',
      `${schemas.size} schemas stand at the newest version (control ${control.length}, tenant ${tenant.length})`,
    ),
  ]
}

async function schemasOfTenants(client: Patient['client']): Promise<Fleet[]> {
  await client.query('begin read only; set local role officina_custody')
  try {
    const { rows } = await client.query<Fleet>(
      `select schema_name as schema, count(*)::int as tenants, min(schema_version)::int as recorded
         from control.tenants where deleted_at is null group by schema_name`,
    )
    return rows
  } finally {
    await client.query('rollback')
  }
}

function standing(schema: string, wanted: Migration[], applied: Applied[], fleet: Fleet | undefined): Finding[] {
  const findings: Finding[] = []
  const who = fleet ? `${schema} (${fleet.tenants} ${fleet.tenants === 1 ? 'tenant' : 'tenants'})` : schema
  const edited = applied.filter(
    ({ version, hash }) => wanted[version - 1] !== undefined && wanted[version - 1]!.hash !== hash,
  )
  if (edited.length > 0)
    findings.push(
      fail(
        'migrations',
        `${edited.map(({ name }) => name).join(', ')} was edited after it ran in ${who}`,
        'Restore the file as it was released; a change is a new migration.',
      ),
    )
  const missing = wanted.filter(({ version }) => !applied.some((row) => row.version === version))
  if (missing.length > 0)
    findings.push(
      fail(
        'migrations',
        `${who} is behind by ${missing.length}: ${missing.map(({ name }) => name).join(', ')}`,
        '`officina migrate` applies them, or says why one fails.',
      ),
    )
  const newest = Math.max(0, ...applied.map(({ version }) => version))
  if (newest > wanted.length)
    findings.push(
      warn(
        'migrations',
        `${who} stands at ${newest}, and this program knows ${wanted.length}`,
        'Run the newest release.',
      ),
    )
  if (fleet && fleet.recorded !== newest)
    findings.push(
      fail(
        'migrations',
        `${who} is recorded at ${fleet.recorded} and stands at ${newest}`,
        '`officina migrate` records it anew; until then statements may keep an old plan.',
      ),
    )
  return findings
}
