import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import { createUser, getTenantBySlug, hashPassword, NewUser, requireGoodPassword } from '#contexts/identity'
import { plantsExist } from '#contexts/plants'
import { systemScope } from '#platform/database/system-scope.ts'
import { answer, withInstallation } from './command.ts'
import { said, shaped } from './shape.ts'

type Options = { email: string; name: string; surname: string; role: string; passwordStdin?: boolean }

/** Passwords come by standard input: what is an argument is in the shell's history and in the list of processes. */
export const passwordFromInput = async (): Promise<string> => (await text(process.stdin)).replace(/\r?\n$/, '')

export const userCreate = (user: Command): Command =>
  user
    .command('create')
    .description('add a person to a company; invited by mail, unless a password is given')
    .argument('<tenant>', "the company's short name")
    .requiredOption('--email <email>')
    .requiredOption('--name <name>')
    .requiredOption('--surname <surname>')
    .requiredOption('--role <role>', 'Admin, Asset Manager, Plant Owner, Operator, Viewer, or one of the company’s own')
    .option('--password-stdin', 'read the password from standard input')
    .action(async (slug: string, { passwordStdin, ...options }: Options) => {
      const password = passwordStdin ? await passwordFromInput() : undefined
      const { password: given, ...wanted } = shaped(NewUser, 'users', said({ ...options, password }))
      if (given !== undefined) requireGoodPassword(given, wanted)
      const password_hash = given === undefined ? null : await hashPassword(given)
      const made = await withInstallation(async ({ installation, post, requestId }) => {
        const { id } = await installation.custody.run((custody) => getTenantBySlug(custody, slug))
        return installation.database.write(systemScope(id, requestId), (work) =>
          createUser(work, { ...wanted, password_hash }, { ...post, plantsExist }),
        )
      })
      answer(made, [`${made.email} is ${made.role} of ${slug} (${made.status}).`])
    })
