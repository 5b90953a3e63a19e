import type { Command } from 'commander'
import { ConfigError } from '#config'
import { openBlobStore } from '#platform/blob/open-blob-store.ts'
import { derivedRing } from '#platform/secrets/field-encryption.ts'
import { seedDemonstration } from '../server/demonstration/seed.ts'
import { signIns } from '../server/demonstration/sign-ins.ts'
import { answer, withInstallation } from './command.ts'

export const seed = (program: Command): Command =>
  program
    .command('seed')
    .description(
      'make the demonstration: two companies with plants, people and deadlines; once, and never in production',
    )
    .action(async () => {
      const ready = await withInstallation(async ({ config, log, installation }) => {
        if (config.production)
          throw new ConfigError(['ENVIRONMENT is not development: the demonstration has a known password'])
        const blobs = openBlobStore(config)
        const deps = { config, log, installation, blobs, ring: derivedRing(installation.masters, 'fields') }
        return signIns(config.OFFICINA_DEMO_PASSWORD, await seedDemonstration(deps, config.OFFICINA_DEMO_PASSWORD))
      })
      answer({ tenants: ['demo', 'pasta'] }, [`The demonstration is there: ${ready}.`])
    })
