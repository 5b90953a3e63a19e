import type { Command } from 'commander'
import { getTenantBySlug, reactivateTenant, suspendTenant } from '#contexts/identity'
import { answer, withInstallation } from './command.ts'

const changing =
  (change: typeof suspendTenant) =>
  async (slug: string): Promise<void> => {
    const changed = await withInstallation(({ installation, by }) =>
      installation.custody.run(async (custody) => {
        const { id } = await getTenantBySlug(custody, slug)
        return change(custody, id, { by, from: null, expected: null })
      }),
    )
    answer(changed, [`${changed.slug} is ${changed.status}.`])
  }

/** `tenant suspend` and its way back, `tenant reactivate`. */
export function tenantSuspend(tenant: Command): void {
  tenant
    .command('suspend')
    .argument('<slug>')
    .description('stop its writing; it can sign in, read and export')
    .action(changing(suspendTenant))
  tenant.command('reactivate').argument('<slug>').description('let it write again').action(changing(reactivateTenant))
}
