/** Installations of their own for the tests of copies: another database, another master secret. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { readConfig } from '#config'
import type { BlobStore } from '../blob/blob-store.ts'
import { openLocalStore } from '../blob/local-store.ts'
import { openLog } from '../telemetry/log.ts'
import { openInstallation, type Installation } from '../database/installation.ts'
import { decryptField, derivedRing } from '../secrets/field-encryption.ts'
import type { Source } from './write-copy.ts'
import type { FilePlace } from './store-files.ts'
import { inSnapshot, rowsOut } from './rows.ts'
import { tablesIn, type Table } from './tables.ts'

const server = (): URL => new URL(process.env['DATABASE_DIRECT_URL'] ?? process.env['DATABASE_URL']!)

/** A folder for files of copies; gone with the test. */
export function room(): { path: (name: string) => string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'officina-copies-'))
  return {
    path: (name) => join(folder, name),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

export type Elsewhere = {
  installation: Installation
  settings: Record<string, string>
  source: Source
  files: FilePlace
} & AsyncDisposable

/** A database with nothing in it on the server of this run. */
export async function elsewhere(migrated = false): Promise<Elsewhere> {
  const name = `officina_test_copy_${randomBytes(4).toString('hex')}`
  const admin = new pg.Client({ connectionString: server().toString() })
  await admin.connect()
  await admin.query(`create database ${name}`)
  const url = server()
  url.pathname = `/${name}`
  const settings = {
    DATABASE_URL: url.toString(),
    OFFICINA_SECRET: randomBytes(32).toString('hex'),
    OFFICINA_DEMO: 'off',
  }
  const config = readConfig({ ...settings, LOG_LEVEL: 'silent' })
  const home = mkdtempSync(join(tmpdir(), 'officina-copies-home-'))
  const files = { blobs: openLocalStore(join(home, 'files')), spool: join(home, 'spool') }
  const installation = await openInstallation(config, openLog(config), { migrate: migrated })
  return {
    installation,
    settings,
    source: sourceOf(installation, files.blobs),
    files,
    [Symbol.asyncDispose]: async () => {
      rmSync(home, { recursive: true, force: true })
      await installation.close()
      await admin.query(`drop database ${name} with (force)`)
      await admin.query(`drop role if exists officina_login_app_${name}, officina_login_owner_${name}`)
      await admin.end()
    },
  }
}

const sourceOf = ({ custody, masters }: Installation, blobs: BlobStore): Source => ({
  ...{ door: custody, blobs, keys: { masters }, version: 'test', now: new Date('2026-11-21T03:00:00Z') },
})

/** Every row of these tables as lines of text, encrypted fields opened: two installations are the same where these are. */
export async function everyRow(
  { custody, masters }: Installation,
  schema: string,
  tenantId?: string,
): Promise<Record<string, string[]>> {
  const ring = derivedRing(masters, 'fields')
  const opened = (line: string, { columns, sealed }: Table): string => {
    const fields = line.split('\t')
    for (const [column, template] of Object.entries(sealed)) {
      const at = columns.indexOf(column)
      const context = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => fields[columns.indexOf(name)]!)
      if (fields[at] !== String.raw`\N`) fields[at] = `opened ${decryptField(ring, fields[at]!, context)}`
    }
    return fields.join('\t')
  }
  return inSnapshot(custody, async (client) => {
    const found: Record<string, string[]> = {}
    for (const table of await tablesIn(client, schema)) {
      const chunks: Buffer[] = []
      const ofTenant =
        tenantId === undefined || !table.columns.includes('tenant_id') ? 'true' : `tenant_id = '${tenantId}'`
      for await (const chunk of rowsOut(client, table, ofTenant)) chunks.push(chunk)
      const lines = Buffer.concat(chunks).toString().split('\n').slice(0, -1)
      found[table.name] = lines.map((line) => opened(line, table)).toSorted()
    }
    return found
  })
}
