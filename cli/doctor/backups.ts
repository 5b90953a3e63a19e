import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '#config'
import { takenAt } from '#platform/copies/retention.ts'
import { ok, warn, type Finding } from './finding.ts'

const HOUR_MS = 3_600_000
/** A night, and two hours for one that takes long. */
const LONGEST_HOURS = 26

/** When the newest backup in the folder was taken, and whether that is longer ago than a night. Only where the product takes them. */
export async function examineBackups(config: Config, now: Date): Promise<Finding[]> {
  if (config.BACKUP === 'off')
    return [
      warn(
        'backups',
        'are switched off (BACKUP=off)',
        'Be sure that something else takes them, and restore one now and then.',
      ),
    ]
  const names = await readdir(config.backupFolder).catch(() => [])
  const newest = Math.max(...names.map((name) => takenAt(name) ?? -Infinity))
  const hours = Math.floor((now.getTime() - newest) / HOUR_MS)
  if (hours <= LONGEST_HOURS) return [ok('backups', `the newest is ${hours} h old, in ${config.backupFolder}`)]
  if (newest === -Infinity && (await isNew(config, now)))
    return [ok('backups', `none yet: the first is taken at ${config.BACKUP_HOUR}:00 in Rome`)]
  return [
    warn(
      'backups',
      newest === -Infinity
        ? `there is none in ${config.backupFolder}`
        : `the newest is ${hours} h old, in ${config.backupFolder}`,
      '`officina backup` takes one now; `officina jobs list --tenant - --kind copies.back_up` says what became of the nightly ones.',
    ),
  ]
}

/** An installation of less than a night, by the age of its home; one that was never started too. */
async function isNew({ home }: Config, now: Date): Promise<boolean> {
  const folder = await stat(join(home, 'secrets.json')).catch(() => null)
  return folder === null || now.getTime() - folder.birthtimeMs < LONGEST_HOURS * HOUR_MS
}
