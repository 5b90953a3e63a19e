import { basename, dirname, join, resolve } from 'node:path'
import { stat } from 'node:fs/promises'
import type { Command } from 'commander'
import { openBlobStore } from '#platform/blob/open-blob-store.ts'
import { intoFile } from '#platform/copies/copy-file.ts'
import { backupName } from '#platform/copies/retention.ts'
import { pruneBackups } from '#platform/copies/prune-backups.ts'
import { writeBackup } from '#platform/copies/write-copy.ts'
import { answer, withInstallation } from './command.ts'
import { keysOf, summary, told, warnOfLacks, withPassphrase, type PassphraseOption } from './copy-options.ts'

type Options = PassphraseOption & { to?: string; prune?: boolean }

/** Where a copy goes: the file that was named, or one of this name in the folder that was. */
export async function fileAt(to: string, name: string): Promise<string> {
  const folder = to.endsWith('/') || ((await stat(to).catch(() => null))?.isDirectory() ?? false)
  return resolve(folder ? join(to, name) : to)
}

export const backup = (program: Command): Command =>
  withPassphrase(
    program
      .command('backup')
      .description('write all data of the installation into one encrypted file, as it is at one moment')
      .option('--to <folder or file>', 'default: BACKUP_FOLDER')
      .option(
        '--prune',
        'then remove the backups beside it whose time is over (BACKUP_DAILY_DAYS, BACKUP_WEEKLY_DAYS)',
      ),
  ).action(async ({ to, prune, ...options }: Options) => {
    const { path, removed, done } = await withInstallation(async ({ config, installation }) => {
      const now = new Date()
      const file = await fileAt(to ?? `${config.backupFolder}/`, backupName(now))
      const keys = await keysOf(installation.masters, options)
      const source = { door: installation.custody, blobs: openBlobStore(config), keys, version: config.version, now }
      const made = await writeBackup(source, intoFile(file))
      const gone = prune ? await pruneBackups(dirname(file), now, config) : []
      return { path: file, removed: gone, done: made }
    })
    const lines = [
      `${path}: ${told(done)}`,
      ...removed.map((name) => `${basename(name)} is removed: its time was over.`),
    ]
    answer({ path, removed, ...summary(done) }, lines)
    warnOfLacks(done)
  })
