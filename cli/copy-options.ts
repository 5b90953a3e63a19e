import type { Command } from 'commander'
import type { Verified } from '#platform/copies/open-copy.ts'
import type { Keys } from '#platform/copies/header.ts'
import type { MasterSecret } from '#platform/secrets/secrets-file.ts'
import { passwordFromInput } from './user-create.ts'

export type PassphraseOption = { passphraseStdin?: boolean }

/** What all commands of copies understand. */
export const withPassphrase = (command: Command): Command =>
  command.option(
    '--passphrase-stdin',
    'open and close it by a passphrase, read from standard input, instead of the master secret',
  )

/** The passphrase where one was asked for, else the installation's secrets alone. */
export async function keysOf(masters: readonly MasterSecret[], { passphraseStdin }: PassphraseOption): Promise<Keys> {
  return passphraseStdin ? { masters, passphrase: await passwordFromInput() } : { masters }
}

const MB = 1_000_000

/** What a copy says of itself, for people. */
export function told({ header, about, manifest }: Verified): string {
  const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0)
  const bytes = manifest.tables.reduce((sum, table) => sum + table.bytes, 0)
  const of = about.tenant === null ? 'a whole installation' : `${about.tenant.slug} (${about.tenant.name})`
  return `${of}, ${header.created_at}, Officina ${header.officina}: ${rows} rows in ${manifest.tables.length} tables, ${(bytes / MB).toFixed(1)} MB`
}

/** The same for programs: without the key. */
export const summary = ({ header: { lock, ...header }, about, manifest }: Verified) => ({
  ...header,
  locked_by: lock.by,
  ...about,
  tables: manifest.tables,
})
