import pino from 'pino'
import { newId } from '#platform/new-id.ts'
import { readConfig, type Config } from '#config'
import { writeDefaultRoles, type PlatformActor, type Post } from '#contexts/identity'
import { openInstallation, type Installation } from '#platform/database/installation.ts'
import { openLog, type Log } from '#platform/telemetry/log.ts'

/** What a command works with. */
export type Hand = {
  config: Config
  log: Log
  installation: Installation
  post: Post
  by: PlatformActor
  requestId: string
}

/** Standard output is the command's answer; what goes wrong on the way is told on the other. */
export const openErrorLog = (config: Config): Log =>
  openLog({ ...config, DEBUG: 'off', LOG_LEVEL: 'warn' }, pino.destination({ dest: 2, sync: true }))

/**
 * Opens the installation itself, with the rights of who runs it; where a server holds the home, on the database that it
 * has running. Letters are jobs: a server or a worker of the installation sends them.
 */
export async function withInstallation<T>(use: (hand: Hand) => Promise<T>): Promise<T> {
  const config = readConfig()
  const log = openErrorLog(config)
  const installation = await openInstallation(config, log, { migrate: true, join: true })
  try {
    await installation.custody.run(writeDefaultRoles)
    const requestId = `cli-${newId()}`
    const by: PlatformActor = { account_id: null, told: 'the command line', request_id: requestId, ip: null }
    const post = { config, installation }
    return await use({ config, log, installation, post, by, requestId })
  } finally {
    await installation.close()
  }
}

let json = false
export const answerInJson = (): void => void (json = true)
export const inJson = (): boolean => json

/** The answer of a command: as lines for people, or whole as JSON. */
export function answer(value: unknown, lines: readonly string[]): void {
  process.stdout.write(json ? `${JSON.stringify(value, null, 2)}\n` : lines.map((line) => `${line}\n`).join(''))
}

/** Columns as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
