/** How long backups are kept: each one for some days, and of each week (Monday to Sunday, UTC) the last one for longer. */
export type Retention = { dailyDays: number; weeklyDays: number }

const NAME = /^officina-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\.backup$/
const DAY_MS = 86_400_000
/** 5 January 1970 was the first Monday. */
const FIRST_MONDAY_MS = 4 * DAY_MS

/** The file name of a backup, by which it is known again: the moment in UTC. */
export const backupName = (at: Date): string => `officina-${stamp(at)}.backup`

/** A moment as file names have it: 20261121T030000Z. */
export const stamp = (at: Date): string => `${at.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`

/** When a backup of this name was taken, in milliseconds; null for a file that is none of ours. */
export function takenAt(name: string): number | null {
  const [, ...parts] = NAME.exec(name) ?? []
  if (parts.length === 0) return null
  const [year, month, day, ...time] = parts
  const at = Date.parse(`${year}-${month}-${day}T${time.join(':')}Z`)
  return Number.isNaN(at) ? null : at
}

/** Which of the files in a folder are backups whose time is over. The newest is kept whatever its age; others' files too. */
export function expiredBackups(names: readonly string[], now: Date, { dailyDays, weeklyDays }: Retention): string[] {
  const ours = names
    .flatMap((name) => {
      const at = takenAt(name)
      return at === null ? [] : [{ name, at, week: Math.floor((at - FIRST_MONDAY_MS) / (7 * DAY_MS)) }]
    })
    .toSorted((a, b) => b.at - a.at)
  const lastOfWeek = new Map(ours.toReversed().map(({ week, name }) => [week, name]))
  return ours
    .slice(1)
    .filter(({ name, at, week }) => {
      const days = (now.getTime() - at) / DAY_MS
      return days > (lastOfWeek.get(week) === name ? weeklyDays : dailyDays)
    })
    .map(({ name }) => name)
}
