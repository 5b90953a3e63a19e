import type { Command } from 'commander'
import type { AllTables } from '#tables'
import { resealSecrets } from '#contexts/identity'
import { resealRegistries } from '#contexts/plants'
import type { Custody } from '#platform/database/custody.ts'
import { systemScope } from '#platform/database/system-scope.ts'
import { resealWebhooks } from '#platform/events/webhooks/reseal-webhooks.ts'
import { derivedRing } from '#platform/secrets/field-encryption.ts'
import { answer, withInstallation } from './command.ts'

/** Everybody's data, also that of suspended and cancelled companies. */
const everyTenant = async ({ db }: Custody<AllTables>): Promise<string[]> =>
  (await db.selectFrom('control.tenants').select('id').where('deleted_at', 'is', null).orderBy('id').execute()).map(
    ({ id }) => id,
  )

export const keysReseal = (keys: Command): Command =>
  keys
    .command('reseal')
    .description('seal every encrypted field with the newest master secret, so that the older one can be dropped')
    .action(async () => {
      const resealed = await withInstallation(async ({ installation: { custody, database, masters } }) => {
        const ring = derivedRing(masters, 'fields')
        let count = await custody.run((work) => resealSecrets(work, ring))
        for (const id of await custody.run(everyTenant)) {
          count += await database.write(systemScope(id, 'reseal'), (work) => resealRegistries(work, ring))
          count += await database.write(systemScope(id, 'reseal'), (work) => resealWebhooks(work, ring))
        }
        return count
      })
      answer({ resealed }, [`${resealed} fields were sealed with an older secret; none is any more.`])
    })
