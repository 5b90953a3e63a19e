import type { Command } from 'commander'
import { readConfig } from '#config'
import { openInstallation } from '#platform/database/installation.ts'
import { migrate, plan, readMigrations, type Step } from '#platform/database/migrate.ts'
import { EXIT } from '../server/exit-code.ts'
import { answer, openErrorLog } from './command.ts'

const named = ({ schema, migration }: Step): { schema: string; migration: string } => ({
  schema,
  migration: migration.name,
})
const lines = (steps: readonly { schema: string; migration: string }[]): string[] =>
  steps.map(({ schema, migration }) => `${schema}: ${migration}`)

export const migrateCommand = (program: Command): Command =>
  program
    .command('migrate')
    .description('bring every schema to the newest version')
    .option('--plan', 'only show what it would do')
    .action(async (options: { plan?: boolean }) => {
      const config = readConfig()
      const installation = await openInstallation(config, openErrorLog(config), { migrate: false, join: true })
      try {
        const migrations = await readMigrations()
        if (options.plan) {
          const steps = (await installation.custody.session((client) => plan(client, migrations))).map(named)
          return answer({ steps }, steps.length === 0 ? ['Nothing to do.'] : lines(steps))
        }
        const result = await installation.custody.session((client) => migrate(client, migrations))
        const done = result.done.map(named)
        const failed = result.failed.map(({ step, error }) => ({ ...named(step), error: error.message }))
        if (failed.length > 0) process.exitCode = EXIT.conflict
        answer({ done, failed }, [
          ...(done.length === 0 ? ['Nothing was to do.'] : lines(done)),
          ...failed.map(({ schema, error }) => `${schema} FAILED and stays at its version: ${error}`),
        ])
      } finally {
        await installation.close()
      }
    })
