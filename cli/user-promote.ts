import type { Command } from 'commander'
import { changeSuperuser } from '#contexts/identity'
import { answer, withInstallation } from './command.ts'

const changing =
  (is_superuser: boolean) =>
  async (login: string): Promise<void> => {
    const changed = await withInstallation(({ installation, requestId }) =>
      changeSuperuser(installation, { login, is_superuser }, requestId),
    )
    const may = is_superuser ? 'may administer all companies now' : 'administers the installation no more'
    answer(changed, [`${changed.email} ${may}.`])
  }

/** `user promote` and its way back, `user demote`. */
export function userPromote(user: Command): void {
  user
    .command('promote')
    .argument('<login>', 'email or username')
    .description('let a person administer all companies over the API: a superuser')
    .action(changing(true))
  user
    .command('demote')
    .argument('<login>', 'email or username')
    .description('take that away again')
    .action(changing(false))
}
