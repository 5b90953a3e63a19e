import type { Command } from 'commander'
import { readConfig } from '#config'
import { verifyCopy } from '#platform/copies/open-copy.ts'
import { secretsOf } from '#platform/database/installation.ts'
import { answer } from './command.ts'
import { keysOf, summary, told, withPassphrase, type PassphraseOption } from './copy-options.ts'

export const verify = (program: Command): Command =>
  withPassphrase(
    program
      .command('verify')
      .argument('<file>')
      .description('read a backup or a company’s copy to its end and say whether it is whole; touches nothing'),
  ).action(async (file: string, options: PassphraseOption) => {
    const keys = await keysOf(await secretsOf(readConfig()), options)
    const verified = await verifyCopy(file, keys)
    answer({ valid: true, ...summary(verified) }, [`It is whole: ${told(verified)}.`])
  })
