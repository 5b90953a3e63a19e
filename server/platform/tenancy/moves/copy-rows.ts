import type { MovedTable } from './moved-table.ts'
import { within, type Mover } from './mover.ts'

/** What is there of a table. Nobody else writes there, so it is known without counting. */
export type Copied = Map<string, number>

/** Up to where everything that was committed is there: the oldest transaction that ran when it was looked at. */
type Horizon = string
export type Copy = { readonly copied: Copied; readonly horizon: Horizon }
export type Say = (line: string) => void

const horizonNow = async ({ client }: Mover): Promise<Horizon> =>
  (await client.query<{ xmin: string }>('select pg_snapshot_xmin(pg_current_snapshot())::text as xmin')).rows[0]!.xmin

/** All rows as they are at one moment, while others write. */
export const copyAll = (mover: Mover, tenantId: string, tables: readonly MovedTable[], say: Say): Promise<Copy> =>
  within(mover, 'snapshot', async () => {
    const horizon = await horizonNow(mover)
    const copied: Copied = new Map()
    for (const table of tables) copied.set(table.name, await copyTable(mover, tenantId, table, say))
    return { copied, horizon }
  })

async function copyTable({ client }: Mover, tenantId: string, table: MovedTable, say: Say): Promise<number> {
  let total = 0
  let after: string[] = []
  for (;;) {
    const { rows } = await client.query<unknown[]>({
      text: table.copy(after.length > 0),
      values: [tenantId, ...after],
      rowMode: 'array',
    })
    const [count, ...last] = (rows[0] ?? [0]) as [number, ...string[]]
    total += count
    if (count > 0) say(`${table.name}: ${total} rows`)
    if (rows.length === 0) return total
    after = last
  }
}

/** What changed since, in a snapshot of its own, while others write. Answers how many rows it was. */
export const catchUp = (mover: Mover, tenantId: string, tables: readonly MovedTable[], since: Copy) =>
  within(mover, 'snapshot', async () => {
    const horizon = await horizonNow(mover)
    const { copied, changes } = await copyChanges(mover, tenantId, tables, since)
    return { copy: { copied, horizon }, changes }
  })

type Scan = { count: number; changes: number; changed: string | null }

/** In a transaction in which the rows stand still: a snapshot's, or one that keeps out all who write. */
export async function copyChanges(
  { client }: Mover,
  tenantId: string,
  tables: readonly MovedTable[],
  since: Copy,
): Promise<{ copied: Copied; changes: number }> {
  const copied: Copied = new Map()
  let changes = 0
  // A row and what it refers to may both have changed, in any order; and of two rows one may have what the other had.
  await client.query('set constraints all deferred')
  for (const table of tables) {
    const { rows } = await client.query<Scan>(table.scan, [tenantId, since.horizon])
    const scan = rows[0]!
    const run = async (text: string, ...values: unknown[]): Promise<number> =>
      (await client.query(text, [tenantId, ...values])).rowCount ?? 0
    const replaced = scan.changes > 0 ? await run(table.removeChanged, scan.changed) : 0
    const vanished = since.copied.get(table.name)! - replaced + scan.changes - scan.count
    const removed = vanished === 0 ? 0 : await run(table.removeVanished)
    const brought = scan.changes > 0 ? await run(table.copyChanged, scan.changed) : 0
    if (removed !== vanished || brought !== scan.changes)
      throw new Error(
        `${table.name} here and there do not agree: ${JSON.stringify({ ...scan, changed: null, removed, brought })}`,
      )
    copied.set(table.name, scan.count)
    changes += scan.changes + removed
  }
  return { copied, changes }
}
