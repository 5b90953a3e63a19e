import type { Command } from 'commander'
import { deleteTenant, getTenantBySlug } from '#contexts/identity'
import { answer, withInstallation } from './command.ts'

export const tenantDelete = (tenant: Command): Command =>
  tenant
    .command('delete')
    .description('hide a company: nobody signs in any more; its data stay where they are')
    .argument('<slug>')
    .requiredOption('--confirm <slug>', 'its short name once more')
    .action(async (slug: string, { confirm }: { confirm: string }, command: Command) => {
      if (confirm !== slug) command.error(`--confirm says «${confirm}», and the company is «${slug}»`)
      const id = await withInstallation(({ installation, by }) =>
        installation.custody.run(async (custody) => {
          const found = await getTenantBySlug(custody, slug)
          await deleteTenant(custody, found.id, { by, from: null, expected: null })
          return found.id
        }),
      )
      answer({ id, slug, deleted: true }, [`${slug} is deleted.`])
    })
