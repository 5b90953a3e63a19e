import type { Command } from 'commander'
import {
  getTenantBySlug,
  listTenants,
  openIssuing,
  verifyAudit,
  type AuditVerdict,
  type Issuing,
} from '#contexts/identity'
import { systemScope } from '#platform/database/system-scope.ts'
import { derivedRing } from '#platform/secrets/field-encryption.ts'
import { EXIT } from '../server/exit-code.ts'
import { answer, table, withInstallation, type Hand } from './command.ts'

type Place = { id: string; slug: string }

/** The company that was named, or all of them. */
export const placesOf = ({ installation }: Hand, slug: string | undefined): Promise<Place[]> =>
  installation.custody.run(async (custody) => {
    if (slug !== undefined) return [await getTenantBySlug(custody, slug)]
    const { items } = await listTenants(custody, { limit: 100_000, offset: 0 })
    return items
  })

/** The keys of the installation, for one command. */
export async function withKeys<T>({ config, installation }: Hand, use: (issuing: Issuing) => Promise<T>): Promise<T> {
  const ring = derivedRing(installation.masters, 'fields')
  const issuing = await openIssuing(installation.custody, ring, config.PUBLIC_URL ?? 'officina')
  try {
    return await use(issuing)
  } finally {
    issuing.stop()
  }
}

async function verdictOf({ installation }: Hand, place: Place, issuing: Issuing, head: string | undefined) {
  const asked = { keys: issuing.current().keys, head, budgetMs: Infinity }
  return installation.database.read(systemScope(place.id, 'officina audit verify'), (work) => verifyAudit(work, asked))
}

const told = ({ first_broken: broken, checked, erased, waiting, sealed }: AuditVerdict): string[] => [
  broken === null ? 'valid' : `BROKEN ${broken.reason} at ${broken.number ?? broken.audit_id ?? '?'}`,
  ...[String(checked), String(erased), String(waiting), sealed === null ? 'never' : `${sealed.number}, ${sealed.at}`],
]

export const auditVerify = (audit: Command): Command =>
  audit
    .command('verify')
    .description('recompute the audit trail of a company, or of all; exit 5 where one is broken')
    .option('--tenant <slug>', 'this company alone')
    .option('--head <jws>', 'a signed head that was kept outside: it must be in the chain of the company')
    .action(async ({ tenant, head }: { tenant?: string; head?: string }, command: Command) => {
      if (head !== undefined && tenant === undefined) command.error('--head is of one company: name it by --tenant')
      const verdicts = await withInstallation((hand) =>
        withKeys(hand, async (issuing) => {
          const found: (AuditVerdict & { tenant: string })[] = []
          for (const place of await placesOf(hand, tenant)) {
            found.push({ tenant: place.slug, ...(await verdictOf(hand, place, issuing, head)) })
          }
          return found
        }),
      )
      const heading = ['TENANT', 'TRAIL', 'ENTRIES', 'ERASED', 'WAITING', 'SEALED']
      answer(verdicts, table([heading, ...verdicts.map((one) => [one.tenant, ...told(one)])]))
      if (verdicts.some(({ valid }) => valid !== true)) process.exitCode = EXIT.conflict
    })
