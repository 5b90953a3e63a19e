import type { Command } from 'commander'
import { listTenants } from '#contexts/identity'
import { answer, table, withInstallation } from './command.ts'

export const tenantList = (tenant: Command): Command =>
  tenant
    .command('list')
    .description('list the companies')
    .option('--q <text>', 'part of a name or short name')
    .option('--status <status>')
    .option('--limit <number>', 'how many at most', Number, 1000)
    .action(async (options: { q?: string; status?: string; limit: number }) => {
      const page = await withInstallation(({ installation }) =>
        installation.custody.run((custody) => listTenants(custody, { ...options, offset: 0 })),
      )
      const rows = page.items.map(({ slug, status, tier, isolation, usage, name }) => [
        slug,
        status,
        tier,
        isolation,
        String(usage.users),
        name,
      ])
      answer(page, table([['SLUG', 'STATUS', 'TIER', 'ISOLATION', 'USERS', 'NAME'], ...rows]))
    })
