import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'

export type Connection = { host: string; port: number; user: string; password: string; database: string }

/**
 * True once the server that answers is the one named `clusterName` (another could hold the port); false when
 * `signal` says that it will not come.
 */
export async function becomesReady(to: Connection, clusterName: string, signal: AbortSignal): Promise<boolean> {
  for (; !signal.aborted; await sleep(15)) {
    const client = new Client({ ...to, connectionTimeoutMillis: 2000, query_timeout: 2000 })
    client.on('error', () => {}) // a connection that breaks is an answer like another: «not yet»
    try {
      await client.connect()
      const { rows } = await client.query<{ name: string }>("select current_setting('cluster_name') as name")
      if (rows[0]?.name === clusterName) return true
    } catch {
      // Refused or still starting up.
    } finally {
      await client.end().catch(() => {})
    }
  }
  return false
}
