import type { Command } from 'commander'
import { readConfig } from '#config'
import { verifyCopy } from '#platform/copies/open-copy.ts'
import { checkRestorable, restoreBackup } from '#platform/copies/restore-backup.ts'
import { filePlaceOf } from '#platform/copies/store-files.ts'
import { openInstallation, secretsOf } from '#platform/database/installation.ts'
import { answer, inJson, openErrorLog } from './command.ts'
import { keysOf, summary, told, withPassphrase, type PassphraseOption } from './copy-options.ts'

type Options = PassphraseOption & { anew?: true }

/** How it goes on, for people; the answer is on standard output. */
const say = (line: string): void => void (inJson() || process.stderr.write(`${line}\n`))

export const restore = (program: Command): Command =>
  withPassphrase(
    program
      .command('restore')
      .argument('<file>')
      .description(
        'put a backup into an empty installation, with no server running on it; where it was broken off, the same file goes on',
      )
      .option('--anew', 'begin from the beginning, also where another backup is half restored'),
  ).action(async (file: string, { anew, ...options }: Options) => {
    const config = readConfig()
    // The whole file is read before anything is touched.
    const keys = await keysOf(await secretsOf(config), options)
    const verified = await verifyCopy(file, keys)
    await checkRestorable(verified)
    const installation = await openInstallation(config, openErrorLog(config), { migrate: false })
    try {
      await restoreBackup(installation.custody, file, keys, verified, { files: filePlaceOf(config), anew, say })
    } finally {
      await installation.close()
    }
    answer(summary(verified), [`Restored: ${told(verified)}. Everybody signs in once more.`])
  })
