import type { Command } from 'commander'
import { Type } from 'typebox'
import { NewTenant } from '#contexts/identity'
import { importTenant } from '#platform/copies/import-tenant.ts'
import { filePlaceOf } from '#platform/copies/store-files.ts'
import { verifyCopy } from '#platform/copies/open-copy.ts'
import { systemScope } from '#platform/database/system-scope.ts'
import { answer, withInstallation } from './command.ts'
import { shaped } from './shape.ts'
import { keysOf, told, withPassphrase, type PassphraseOption } from './copy-options.ts'

export const tenantImport = (tenant: Command): Command =>
  withPassphrase(
    tenant
      .command('import')
      .argument('<file>')
      .description('take in a company from the file of tenant export; all of it or nothing')
      .option('--slug <slug>', 'under this short name, where its own is taken'),
  ).action(async (file: string, { slug, ...options }: PassphraseOption & { slug?: string }) => {
    if (slug !== undefined) shaped(Type.Pick(NewTenant, ['slug']), 'tenants', { slug })
    const { made, said } = await withInstallation(async ({ config, installation, requestId }) => {
      const keys = await keysOf(installation.masters, options)
      const verified = await verifyCopy(file, keys)
      const imported = await importTenant(installation.custody, file, keys, {
        verified,
        files: filePlaceOf(config),
        slug,
      })
      const after = { copied_at: verified.header.created_at, officina: verified.header.officina }
      await installation.database.write(systemScope(imported.id, requestId), (work) => {
        work.record({ action: 'tenant.imported', resource: 'tenant', resource_id: imported.id, after })
        return Promise.resolve()
      })
      return { made: imported, said: told(verified) }
    })
    answer(made, [`${made.slug} is here: ${said}.`])
  })
