import type { Command } from 'commander'
import type { Verified } from '#platform/copies/open-copy.ts'
import type { Manifest } from '#platform/copies/records.ts'
import { EXIT } from '../server/exit-code.ts'
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
  return `${of}, ${header.created_at}, Officina ${header.officina}: ${rows} rows in ${manifest.tables.length} tables, ${(bytes / MB).toFixed(1)} MB${toldFiles(manifest)}`
}

function toldFiles({ files }: Manifest): string {
  if (files === undefined) return ', without files: it is of an older release'
  const lacking = files.lacking > 0 ? `, of which ${files.lacking} were not in the store` : ''
  return `; ${files.count} files, ${(files.bytes / MB).toFixed(1)} MB${lacking}`
}

/** A copy without some of its files is a copy, and nobody may take it for a whole one: it is named, and the command ends with 5. */
export function warnOfLacks({ manifest: { files } }: Verified): void {
  if (files === undefined || files.lacking === 0) return
  const named = files.lacks.map(({ tenant_id, sha256, lack }) => `  ${tenant_id} ${sha256}: ${lack}`)
  const more = files.lacking > named.length ? [`  and ${files.lacking - named.length} more`] : []
  const first = `${files.lacking} files are not in the copy: the store does not have them as they were.`
  process.stderr.write(`${[first, ...named, ...more].join('\n')}\n`)
  process.exitCode = EXIT.conflict
}

/** The same for programs: without the key. */
export const summary = ({ header: { lock, ...header }, about, manifest }: Verified) => ({
  ...header,
  locked_by: lock.by,
  ...about,
  tables: manifest.tables,
  files: manifest.files ?? null,
})
