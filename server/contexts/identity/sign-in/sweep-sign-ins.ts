import type { Owned } from '#tables'
import type { Custody, CustodyDoor } from '#platform/database/custody.ts'
import type { Log } from '#platform/telemetry/log.ts'

const DAY_MS = 86_400_000

/** Removes what signing in left behind and nobody can use any more; safe to run in every process. */
export async function sweepSignIns({
  db,
  now,
}: Custody<
  Owned<
    | 'control.guesses'
    | 'control.known_devices'
    | 'control.sessions'
    | 'control.spent_refresh_tokens'
    | 'control.tickets'
  >
>): Promise<void> {
  const ago = (days: number): string => new Date(now.getTime() - days * DAY_MS).toISOString()
  await db.deleteFrom('control.guesses').where('last_at', '<', ago(1)).execute()
  await db.deleteFrom('control.spent_refresh_tokens').where('expires_at', '<', ago(0)).execute()
  // A person who asks «who was in my account?» is answered for three months.
  await db.deleteFrom('control.sessions').where('expires_at', '<', ago(90)).execute()
  await db.deleteFrom('control.tickets').where('expires_at', '<', ago(30)).execute()
  // Longer than browsers keep the cookie.
  await db.deleteFrom('control.known_devices').where('last_seen', '<', ago(400)).execute()
}

const HOUR_MS = 3_600_000

/** Sweeps once an hour while the process runs. */
export function openSweeping(door: CustodyDoor, log: Log): { stop: () => void } {
  const sweep = (): Promise<void> =>
    door.run(sweepSignIns).catch((error: unknown) => log.warn({ err: error }, 'old sign-ins were not swept'))
  const timer = setInterval(() => void sweep(), HOUR_MS).unref()
  return { stop: () => clearInterval(timer) }
}
