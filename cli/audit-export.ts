import type { Command } from 'commander'
import { exportTrail, getTenantBySlug } from '#contexts/identity'
import { systemScope } from '#platform/database/system-scope.ts'
import { withInstallation } from './command.ts'

export const auditExport = (audit: Command): Command =>
  audit
    .command('export')
    .description(
      'the chain of a company with its entries, a JSON line each, for who checks it from outside (docs/audit.md)',
    )
    .requiredOption('--tenant <slug>')
    .action(({ tenant }: { tenant: string }) =>
      withInstallation(async ({ installation, requestId }) => {
        const { id } = await installation.custody.run((custody) => getTenantBySlug(custody, tenant))
        for (let after: number | null = 0; after !== null;) {
          const from: number = after
          const page = await installation.database.read(systemScope(id, requestId), (work) => exportTrail(work, from))
          process.stdout.write(page.lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
          after = page.last
        }
      }),
    )
