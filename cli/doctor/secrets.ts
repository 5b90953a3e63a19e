import pg from 'pg'
import { signingKeyContext } from '#contexts/identity'
import { decryptField, derivedRing, FieldEncryptionError } from '#platform/secrets/field-encryption.ts'
import type { Patient } from './database.ts'
import { fail, ok, warn, type Finding } from './finding.ts'

const DAY_MS = 86_400_000
const OLD_DAYS = 180

type KeyRow = { kid: string; private_pem: string; created_at: Date; retired_at: Date | null }
type Read = { keys: KeyRow[]; used: string[] }

// A ciphertext names the master that sealed it: v1.<id>.…
const USED = `
  select distinct split_part(sealed, '.', 2) as id
    from (select private_pem from control.signing_keys
          union all select totp_secret from control.credentials where totp_secret is not null
          union all select totp_pending from control.credentials where totp_pending is not null
          union all select unnest(array_remove(array[w.secret, w.previous_secret], null)) from control.webhooks w
                      join control.tenants t on t.id = w.tenant_id and t.deleted_at is null) as fields (sealed)`

const usedIn = (schema: string): string => `
  select distinct split_part(r.tax_code, '.', 2) as id
    from ${schema}.plant_registries r join control.tenants t on t.id = r.tenant_id and t.deleted_at is null
   where r.tax_code is not null`

/** That the keys that sign tokens are there, young enough and can be opened, and which master secrets are still in use. */
export async function examineSecrets(patient: Patient): Promise<Finding[]> {
  const { keys, used } = await read(patient)
  return [...signingKeys(patient, keys), ...masterSecrets(patient, used)]
}

async function read({ client }: Patient): Promise<Read> {
  await client.query('begin read only; set local role officina_custody')
  try {
    const { rows: keys } = await client.query<KeyRow>(
      'select kid, private_pem, created_at, retired_at from control.signing_keys',
    )
    const { rows: used } = await client.query<{ id: string }>(USED)
    const { rows: schemas } = await client.query<{ name: string }>(
      'select distinct schema_name as name from control.tenants where deleted_at is null',
    )
    const ids = new Set(used.map(({ id }) => id))
    for (const { name } of schemas) {
      const { rows } = await client.query<{ id: string }>(usedIn(pg.escapeIdentifier(name)))
      for (const { id } of rows) ids.add(id)
    }
    return { keys, used: [...ids] }
  } finally {
    await client.query('rollback')
  }
}

function signingKeys({ masters }: Patient, keys: KeyRow[]): Finding[] {
  const ring = derivedRing(masters, 'fields')
  const active = keys.filter(({ retired_at }) => retired_at === null || retired_at > new Date())
  if (active.length === 0) return [warn('signing keys', 'there is none', 'The next start makes one.')]
  const shut = keys.filter(({ kid, private_pem }) => {
    try {
      return decryptField(ring, private_pem, signingKeyContext(kid)) === ''
    } catch (error) {
      if (error instanceof FieldEncryptionError) return true
      throw error
    }
  })
  if (shut.length > 0)
    return [
      fail(
        'signing keys',
        `${shut.length} of ${keys.length} cannot be opened`,
        'OFFICINA_SECRET (or secrets.json) must hold the secret that sealed them, behind the newest.',
      ),
    ]
  const age = Math.floor((Date.now() - Math.max(...active.map(({ created_at }) => created_at.getTime()))) / DAY_MS)
  if (age > OLD_DAYS) return [warn('signing keys', `the newest is ${age} days old`, '`officina keys rotate`')]
  return [ok('signing keys', `${active.length} in use, the newest ${age} days old`)]
}

function masterSecrets({ masters }: Patient, used: string[]): Finding[] {
  const unknown = used.filter((id) => !masters.some((master) => master.id === id))
  if (unknown.length > 0)
    return [
      fail(
        'master secrets',
        `fields are sealed with ${unknown.join(', ')}, which is not known here`,
        'Put that secret back behind the newest.',
      ),
    ]
  const idle = masters.slice(1).filter(({ id }) => !used.includes(id))
  if (idle.length > 0)
    return [ok('master secrets', `${masters.length}, of which ${idle.length} is not used any more and can be dropped`)]
  return [ok('master secrets', masters.length === 1 ? 'one' : `${masters.length}, all in use`)]
}
