import type { Patient } from './database.ts'
import { ok, warn, type Finding } from './finding.ts'

type Moving = { slug: string; isolation: string; alive: boolean }

/** Companies that are being moved, and what a mover that was killed has left. */
export async function examineMoves({ client }: Patient): Promise<Finding[]> {
  await client.query('begin read only; set local role officina_custody')
  try {
    const { rows } = await client.query<Moving>(
      `select slug, isolation, exists (select from pg_locks where locktype = 'advisory' and database = (
                select oid from pg_database where datname = current_database())
                and objid::bigint = hashtext('officina.move')::bit(32)::bigint) as alive
         from control.tenants where moving order by slug`,
    )
    const broken = rows.filter(({ alive }) => !alive)
    if (broken.length === 0)
      return [ok('moves', rows.length > 0 ? `${rows[0]!.slug} is being moved` : 'no company is being moved')]
    return broken.map(({ slug, isolation }) =>
      warn(
        'moves',
        `a move of ${slug} was broken off: it lives in ${isolation}, and in the other place rows are left`,
        `A server that runs removes them within an hour; \`officina tenant move ${slug} --to ${isolation}\` does at once.`,
      ),
    )
  } finally {
    await client.query('rollback')
  }
}
