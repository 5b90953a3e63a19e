import { randomBytes } from 'node:crypto'
import type { Command } from 'commander'
import { givePassword } from '#contexts/identity'
import { answer, withInstallation } from './command.ts'
import { passwordFromInput } from './user-create.ts'

export const userResetPassword = (user: Command): Command =>
  user
    .command('reset-password')
    .description('give an account a new password, which is shown this once; its sessions end')
    .argument('<login>', 'email or username')
    .option('--password-stdin', 'read the password from standard input instead of making one')
    .action(async (login: string, { passwordStdin }: { passwordStdin?: boolean }) => {
      const password = passwordStdin ? await passwordFromInput() : randomBytes(15).toString('base64url')
      await withInstallation(({ installation, requestId }) =>
        givePassword(installation.database, login, password, requestId),
      )
      const shown = passwordStdin ? {} : { password }
      answer({ login, ...shown }, [
        passwordStdin ? `${login} has the new password.` : `${login} has the new password ${password}`,
      ])
    })
