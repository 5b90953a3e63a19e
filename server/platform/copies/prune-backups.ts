import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expiredBackups } from './retention.ts'

type Rule = { BACKUP_DAILY_DAYS: number; BACKUP_WEEKLY_DAYS: number }

/** Removes the backups of a folder whose time is over; answers their names. */
export async function pruneBackups(folder: string, now: Date, rule: Rule): Promise<string[]> {
  await mkdir(folder, { recursive: true })
  const retention = { dailyDays: rule.BACKUP_DAILY_DAYS, weeklyDays: rule.BACKUP_WEEKLY_DAYS }
  const expired = expiredBackups(await readdir(folder), now, retention)
  for (const name of expired) await rm(join(folder, name), { force: true })
  return expired
}
