import type { Command } from 'commander'
import { getTenantBySlug, listUsers } from '#contexts/identity'
import { systemScope } from '#platform/database/system-scope.ts'
import { answer, table, withInstallation } from './command.ts'

export const userList = (user: Command): Command =>
  user
    .command('list')
    .description('list the people of a company')
    .argument('<tenant>', "the company's short name")
    .option('--q <text>', 'part of a name or email')
    .option('--limit <number>', 'how many at most', Number, 1000)
    .action(async (slug: string, options: { q?: string; limit: number }) => {
      const page = await withInstallation(async ({ installation, requestId }) => {
        const { id } = await installation.custody.run((custody) => getTenantBySlug(custody, slug))
        return installation.database.read(systemScope(id, requestId), (work) =>
          listUsers(work, { ...options, offset: 0 }),
        )
      })
      const rows = page.items.map(({ email, name, surname, role, status }) => [
        email,
        role,
        status,
        `${name} ${surname}`,
      ])
      answer(page, table([['EMAIL', 'ROLE', 'STATUS', 'NAME'], ...rows]))
    })
