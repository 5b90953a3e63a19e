import type { Command } from 'commander'
import { rotateSigningKeys } from '#contexts/identity'
import { ConfigError } from '#config'
import { derivedRing } from '#platform/secrets/field-encryption.ts'
import { rotateMaster } from '#platform/secrets/secrets-file.ts'
import { answer, withInstallation } from './command.ts'

export const keysRotate = (keys: Command): Command =>
  keys
    .command('rotate')
    .description(
      'add a key that signs tokens; it signs in ten minutes, and the older ones leave when no token needs them',
    )
    .option('--master', 'also put a new master secret in front in secrets.json; restart the server afterwards')
    .action(async ({ master }: { master?: boolean }) => {
      const result = await withInstallation(async ({ config, installation }) => {
        if (master && config.OFFICINA_SECRET !== undefined)
          throw new ConfigError(['OFFICINA_SECRET is set: put the new secret in front of it yourself, with a comma'])
        // Sealed with the secret that a running server knows already.
        const retired = await installation.custody.run((custody) =>
          rotateSigningKeys(custody, derivedRing(installation.masters, 'fields')),
        )
        const masters = master ? (await rotateMaster(config.home, new Date())).length : installation.masters.length
        return { retired_signing_keys: retired, master_secrets: masters }
      })
      const lines = [`A new key signs in ten minutes; ${result.retired_signing_keys} leave.`]
      answer(
        result,
        master
          ? [
              ...lines,
              `${result.master_secrets} master secrets; restart the server, so that it seals with the new one.`,
            ]
          : lines,
      )
    })
