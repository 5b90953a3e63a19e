import type { Command } from 'commander'
import { NewTenant, openTenant } from '#contexts/identity'
import { answer, withInstallation } from './command.ts'
import { said, shaped } from './shape.ts'

type Options = {
  name: string
  adminEmail: string
  adminName: string
  adminSurname: string
  isolation?: string
  tier?: string
  status?: string
  maxUsers?: number
  maxPlants?: number
  planExpiry?: string
}

export const tenantCreate = (tenant: Command): Command =>
  tenant
    .command('create')
    .description('make a company and invite its first Admin')
    .argument('<slug>', 'its short name: small letters, digits and hyphens')
    .requiredOption('--name <name>')
    .requiredOption('--admin-email <email>')
    .requiredOption('--admin-name <name>')
    .requiredOption('--admin-surname <surname>')
    .option('--isolation <shared|schema>', 'its rows among others, or in a schema of its own')
    .option('--tier <free|standard|professional|enterprise>')
    .option('--status <Active|Trial>')
    .option('--max-users <number>', 'the most users it may have', Number)
    .option('--max-plants <number>', 'the most plants it may have', Number)
    .option('--plan-expiry <YYYY-MM-DD>')
    .action(async (slug: string, options: Options) => {
      const { name, adminEmail, adminName, adminSurname, isolation, tier, status } = options
      const wanted = shaped(NewTenant, 'tenants', {
        ...said({
          slug,
          name,
          isolation,
          tier,
          status,
          max_users: options.maxUsers,
          max_plants: options.maxPlants,
          plan_expiry: options.planExpiry,
        }),
        admin: { email: adminEmail, name: adminName, surname: adminSurname },
      })
      const made = await withInstallation(({ installation, by, post }) =>
        openTenant(installation.custody, wanted, { by, post }),
      )
      answer(made, [`${made.slug} is made (${made.id}), and ${adminEmail} is invited as its Admin.`])
    })
