/** What happens before every statement, by itself: the token's check and the function that opens the scope. */
import pg from 'pg'
import { newId } from '#platform/new-id.ts'
import {
  signAccessToken,
  verifyAccessToken,
  type TokenIssuer,
} from '../server/contexts/identity/tokens/access-token.ts'
import type { Ground } from './ground.ts'
import { cpuOf } from './processes.ts'

const CALLS = 40_000
const TOKENS = 1_000

export type Alone = { token_first_us: number; token_again_us: number; open_scope_us: number; set_config_us: number }

async function tokenCosts(issuer: TokenIssuer): Promise<[first: number, again: number]> {
  const now = new Date()
  const id = newId()
  const subject = { sub: id, tenant_id: id, session_id: id, roles: ['Admin'] }
  const tokens: string[] = []
  for (let n = 0; n < TOKENS; n += 1) tokens.push(await signAccessToken(issuer, { ...subject, jti: newId() }, now))
  for (const token of tokens.slice(0, TOKENS / 2)) await verifyAccessToken(issuer, token, now)
  const unseen = process.cpuUsage()
  for (const token of tokens.slice(TOKENS / 2)) await verifyAccessToken(issuer, token, now)
  const first = sum(process.cpuUsage(unseen)) / (TOKENS / 2)
  const seen = process.cpuUsage()
  for (let call = 0; call < CALLS; call += 1) await verifyAccessToken(issuer, tokens[call % TOKENS]!, now)
  return [first, sum(process.cpuUsage(seen)) / CALLS]
}
const sum = ({ user, system }: NodeJS.CpuUsage): number => user + system

/** CPU of the backend that evaluates an expression so many times in one statement. */
async function backendCost(client: pg.Client, expression: string, values: unknown[]): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  const pid = rows[0]!.pid
  const run = async (calls: number): Promise<void> => {
    await client.query('begin')
    await client.query(`select count(${expression}) from generate_series(1, ${calls})`, values)
    await client.query('rollback')
  }
  await run(1000)
  const before = cpuOf(pid)
  await run(CALLS)
  return ((cpuOf(pid) - before) * 1000) / CALLS
}

export async function costsAlone(ground: Ground): Promise<Alone> {
  const [token_first_us, token_again_us] = await tokenCosts(ground.issuer)
  const client = new pg.Client({ connectionString: ground.adminUrl })
  await client.connect()
  try {
    await client.query('set role officina_app')
    const principal = `s${ground.sessions[0]}`
    const scope = `control.open_scope($1, 'plants.read', 'read')`
    const open_scope_us = await backendCost(client, scope, [principal])
    const set_config_us = await backendCost(client, `set_config('app.tenant_id', $1, true)`, [principal])
    return { token_first_us, token_again_us, open_scope_us, set_config_us }
  } finally {
    await client.end()
  }
}
