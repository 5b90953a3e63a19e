import { Option, type Command } from 'commander'
import { getTenantBySlug, moveTenant } from '#contexts/identity'
import type { Isolation } from '#platform/tenancy/create-tenant.ts'
import { estimateMove } from '#platform/tenancy/moves/estimate-move.ts'
import { answer, inJson, table, withInstallation, type Hand } from './command.ts'

type Options = { to: Isolation; dryRun?: true }

const WHERE = { shared: 'among the others', schema: 'in a schema of its own' }

/** How it goes on, for people; the answer is on standard output. */
const say = (line: string): void => void (inJson() || process.stderr.write(`${line}\n`))

export const tenantMove = (tenant: Command): Command =>
  tenant
    .command('move')
    .description(
      'move a company between the shared schema and one of its own, while it works; writes wait for the last step only',
    )
    .argument('<slug>')
    .addOption(new Option('--to <where>', 'where it is to live').choices(['shared', 'schema']).makeOptionMandatory())
    .option('--dry-run', 'say how many rows it is and how long writes would wait, and move nothing')
    .action((slug: string, { to, dryRun }: Options) =>
      withInstallation(async (hand) => {
        const found = await hand.installation.custody.run((custody) => getTenantBySlug(custody, slug))
        return dryRun ? estimate(hand, found.id, slug, to) : move(hand, found, to)
      }),
    )

async function estimate({ installation }: Hand, id: string, slug: string, to: Isolation): Promise<void> {
  const { rows, tables, estimated_pause_ms } = await estimateMove(installation.custody, id, to)
  const listed = table(tables.map(({ name, rows: count }) => [name, String(count)]))
  answer({ slug, to, dry_run: true, rows, estimated_pause_ms, tables }, [
    ...listed,
    `${slug} has ${rows} rows. Writes would wait for about ${estimated_pause_ms} ms, reads never.`,
  ])
}

async function move(
  { installation, by }: Hand,
  found: Awaited<ReturnType<typeof getTenantBySlug>>,
  to: Isolation,
): Promise<void> {
  const moved = await moveTenant(installation.custody, found, { to, by, say })
  answer(moved, [
    `${moved.slug} lives ${WHERE[to]}: ${moved.rows} rows. Writes waited for ${moved.pause_ms} ms.`,
    ...(moved.cleared
      ? []
      : ['What is left in the old place is removed by the server, as soon as nobody reads there any more.']),
  ])
}
