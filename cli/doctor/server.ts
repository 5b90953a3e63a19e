import type pg from 'pg'
import { fail, ok, warn, type Finding } from './finding.ts'

/** Tokens are taken with clocks that differ by 5 s (CLOCK_TOLERANCE_S); below 2 s nothing is noticed. */
const SKEW_WARN_S = 2
const SKEW_FAIL_S = 5

/** The PostgreSQL itself: version, encoding, clock. */
export async function examineServer(client: pg.ClientBase): Promise<Finding[]> {
  const before = Date.now()
  const { rows } = await client.query<{
    version: string
    number: number
    encoding: string
    now: number
    fsync: string
    recovery: boolean
  }>(`
    select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
           current_setting('server_encoding') as encoding, current_setting('fsync') as fsync,
           extract(epoch from clock_timestamp())::float8 as now, pg_is_in_recovery() as recovery`)
  const now = (before + Date.now()) / 2_000
  const row = rows[0]!
  return [version(row.version, row.number), ...settings(row), clock(row.now - now)]
}

function version(text: string, number: number): Finding {
  if (number >= 150_000) return ok('database', `PostgreSQL ${text} answers`)
  return fail('database', `PostgreSQL ${text} is too old`, 'Officina needs PostgreSQL 15 or newer.')
}

function settings({ encoding, fsync, recovery }: { encoding: string; fsync: string; recovery: boolean }): Finding[] {
  const findings: Finding[] = []
  if (encoding !== 'UTF8')
    findings.push(
      fail('encoding', `the database is in ${encoding}`, "Make it anew: create database … encoding 'UTF8'."),
    )
  if (fsync !== 'on')
    findings.push(
      fail(
        'durability',
        'fsync is off: a power loss can destroy the database',
        "alter system set fsync = 'on', and reload.",
      ),
    )
  if (recovery)
    findings.push(fail('database', 'it is a replica, which takes no writes', 'Let DATABASE_URL point to the primary.'))
  return findings
}

function clock(skew: number): Finding {
  const seconds = Math.abs(skew).toFixed(1)
  if (Math.abs(skew) < SKEW_WARN_S) return ok('clock', `differs from the database's by ${seconds} s`)
  const finding = Math.abs(skew) < SKEW_FAIL_S ? warn : fail
  return finding(
    'clock',
    `is ${seconds} s ${skew > 0 ? 'behind' : 'ahead of'} the database's`,
    'Let NTP set both clocks.',
  )
}
