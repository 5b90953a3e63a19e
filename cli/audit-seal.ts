import type { Command } from 'commander'
import { sealAudit, type Sealed } from '#contexts/identity'
import { systemScope } from '#platform/database/system-scope.ts'
import { placesOf, withKeys } from './audit-verify.ts'
import { answer, table, withInstallation } from './command.ts'

export const auditSeal = (audit: Command): Command =>
  audit
    .command('seal')
    .description('sign the head of the trail of a company, or of all, now; a running server does it every day')
    .option('--tenant <slug>', 'this company alone')
    .action(async ({ tenant }: { tenant?: string }) => {
      const heads = await withInstallation((hand) =>
        withKeys(hand, async (issuing) => {
          const sealed: (Sealed & { tenant: string })[] = []
          for (const { id, slug } of await placesOf(hand, tenant)) {
            const head = await hand.installation.database.write(systemScope(id, hand.requestId), (work) =>
              sealAudit(work, issuing.current().keys),
            )
            if (head !== null) sealed.push({ tenant: slug, ...head })
          }
          return sealed
        }),
      )
      const rows = heads.map(({ tenant: slug, number, link }) => [slug, String(number), link])
      answer(heads, table([['TENANT', 'ENTRIES', 'LINK'], ...rows]))
    })
