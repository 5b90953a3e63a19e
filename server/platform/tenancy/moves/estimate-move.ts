import type { CustodyDoor, EdgeCustody } from '../../database/custody.ts'
import { schemaOf, type Isolation } from '../create-tenant.ts'
import { movedTables } from './moved-table.ts'
import { within } from './mover.ts'
import { tenantOf } from './place.ts'
import { moveRefusals } from './refusals.ts'

export type Estimate = {
  readonly rows: number
  readonly tables: readonly { readonly name: string; readonly rows: number }[]
  readonly estimated_pause_ms: number
}

/** What the last step does besides looking through the rows: locks, few changes, a commit. */
const BESIDES_MS = 50

/**
 * What a move would bring over, and how long writers would be refused: the last step looks once through all rows, and so does
 * this. Changes nothing.
 */
export const estimateMove = (door: CustodyDoor, tenantId: string, to: Isolation): Promise<Estimate> =>
  door.session((client) =>
    within({ client }, 'snapshot', async (custody: EdgeCustody) => {
      const { schema_name } = await tenantOf(custody, tenantId)
      if (schema_name === schemaOf(tenantId, to)) throw moveRefusals.refuse('moves.already_there')
      const { rows: now } = await client.query('select pg_snapshot_xmin(pg_current_snapshot())::text as xmin')
      const tables: { name: string; rows: number }[] = []
      const began = performance.now()
      for (const { name, scan } of await movedTables(client, schema_name, schema_name))
        tables.push({
          name,
          rows: (await client.query<{ count: number }>(scan, [tenantId, now[0].xmin])).rows[0]!.count,
        })
      const looked = performance.now() - began
      const rows = tables.reduce((sum, table) => sum + table.rows, 0)
      return { rows, tables, estimated_pause_ms: Math.round(looked + BESIDES_MS) }
    }),
  )
