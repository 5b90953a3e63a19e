import type { Command } from 'commander'
import { getTenantBySlug } from '#contexts/identity'
import { openBlobStore } from '#platform/blob/open-blob-store.ts'
import { intoFile } from '#platform/copies/copy-file.ts'
import { stamp } from '#platform/copies/retention.ts'
import { writeTenant } from '#platform/copies/write-copy.ts'
import { systemScope } from '#platform/database/system-scope.ts'
import { fileAt } from './backup.ts'
import { answer, withInstallation } from './command.ts'
import { keysOf, summary, told, warnOfLacks, withPassphrase, type PassphraseOption } from './copy-options.ts'

export const tenantExport = (tenant: Command): Command =>
  withPassphrase(
    tenant
      .command('export')
      .argument('<slug>')
      .description('write all data of a company into one encrypted file, for tenant import')
      .option('--to <folder or file>', 'default: here', '.'),
  ).action(async (slug: string, { to, ...options }: PassphraseOption & { to: string }) => {
    const { path, done } = await withInstallation(async ({ config, installation, requestId }) => {
      const { id } = await installation.custody.run((custody) => getTenantBySlug(custody, slug))
      const now = new Date()
      const file = await fileAt(to, `${slug}-${stamp(now)}.export`)
      const keys = await keysOf(installation.masters, options)
      await installation.database.write(systemScope(id, requestId), (work) => {
        work.record({ action: 'tenant.exported', resource: 'tenant', resource_id: id })
        return Promise.resolve()
      })
      const source = { door: installation.custody, blobs: openBlobStore(config), keys, version: config.version, now }
      return { path: file, done: await writeTenant(source, id, intoFile(file)) }
    })
    answer({ path, ...summary(done) }, [`${path}: ${told(done)}`])
    warnOfLacks(done)
  })
