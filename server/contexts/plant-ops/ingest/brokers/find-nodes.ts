import { sql } from 'kysely'
import type { Database } from '#platform/database/work.ts'
import { systemScope } from '#platform/database/system-scope.ts'
import type { ReadingWork } from '../../tables.ts'
import { fits } from './broker.ts'
import type { Feed } from './take-messages.ts'

/** More than are asked for their births within a minute. */
const MOST_NODES = 1_000

/** What stands before the field in a source without tags, by its pieces. */
const ORIGIN = String.raw`^((?:[^\\ ,]|\\.)+) `

/** The nodes of Sparkplug, `group/node`, that feed a live sensor of the company and that this broker may have; 1,000 at most. */
export async function findNodes(database: Database, { tenant_id, id, topics }: Feed): Promise<string[]> {
  const mayHave = (format: 'plain' | 'sparkplug', topic: string): boolean =>
    topics.some((one) => one.format === format && fits(one.filter, topic))
  if (!topics.some(({ format }) => format === 'sparkplug')) return []
  const { rows } = await database.read(systemScope(tenant_id, `broker ${id}`), ({ db }: ReadingWork) =>
    sql<{ origin: string }>`
      select distinct origin
        from sensors, substring(source from ${ORIGIN}::text) as origin
       where tenant_id = ${tenant_id} and deleted_at is null and origin ~ '^[^/]+/[^/]+(/[^/]+)?$'
       limit ${MOST_NODES * 10}`.execute(db),
  )
  const nodes = rows.flatMap(({ origin }) => {
    const written = origin.replaceAll(/\\([, ])/g, '$1')
    const [group, node] = written.split('/')
    return !mayHave('plain', written) && mayHave('sparkplug', `spBv1.0/${group}/NBIRTH/${node}`)
      ? [`${group}/${node}`]
      : []
  })
  return [...new Set(nodes)].slice(0, MOST_NODES)
}
