import type { Command } from 'commander'
import { getTenantBySlug, identityRefusals, listUsers, updateUser } from '#contexts/identity'
import { plantsExist } from '#contexts/plants'
import { systemScope } from '#platform/database/system-scope.ts'
import type { EdgeWork } from '#platform/database/work.ts'
import { answer, withInstallation } from './command.ts'

async function userIdOf(work: EdgeWork, email: string): Promise<string> {
  const { items } = await listUsers(work, { q: email, limit: 1000, offset: 0 })
  const found = items.find((item) => item.email === email.toLowerCase())
  if (found === undefined) throw identityRefusals.refuse('users.not_found')
  return found.id
}

const changing =
  (status: 'Active' | 'Suspended') =>
  async (slug: string, email: string): Promise<void> => {
    const changed = await withInstallation(async ({ installation, requestId }) => {
      const { id } = await installation.custody.run((custody) => getTenantBySlug(custody, slug))
      return installation.database.write(systemScope(id, requestId), async (work) =>
        updateUser(work, await userIdOf(work, email), { change: { status }, expected: null, plantsExist }),
      )
    })
    answer(changed, [`${changed.email} is ${changed.status} in ${slug}.`])
  }

/** `user suspend` and its way back, `user reactivate`. */
export function userSuspend(user: Command): void {
  user
    .command('suspend')
    .argument('<tenant>')
    .argument('<email>')
    .description('end the sessions of a person in a company and let them in no more')
    .action(changing('Suspended'))
  user
    .command('reactivate')
    .argument('<tenant>')
    .argument('<email>')
    .description('let a suspended person in again')
    .action(changing('Active'))
}
