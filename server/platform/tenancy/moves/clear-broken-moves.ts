import type { Owned } from '#tables'
import type { Custody, CustodyDoor } from '../../database/custody.ts'
import { Shape } from '../../http/shapes.ts'
import { job, jobKind, type Job } from '../../jobs/job-kind.ts'
import { schedule, type Schedule } from '../../jobs/schedule.ts'
import { clearOtherPlace } from './clear-other-place.ts'
import { asMover } from './mover.ts'

const marked = ({ db }: Custody<Owned<'control.tenants'>>) =>
  db.selectFrom('control.tenants').select(['id', 'slug']).where('moving', '=', true).execute()

/** Clears away what moves have left that nobody carries on; returns the companies' short names. While one goes on: nothing. */
export async function clearBrokenMoves(door: CustodyDoor, signal?: AbortSignal): Promise<string[]> {
  if ((await door.run(marked)).length === 0) return []
  const cleared = await asMover(door, async (mover) => {
    const names: string[] = []
    // Asked again, now that no other mover is at work.
    for (const { id, slug } of await door.run(marked))
      if (await clearOtherPlace(mover, id, signal ? { signal } : {})) names.push(slug)
    return names
  })
  return cleared ?? []
}

const clearing = jobKind({
  name: 'moves.clear',
  input: Shape({}),
  limits: { seconds: 1_800, concurrency: 1, priority: -10 },
})

/** Clearing as a job of the installation. */
export const moveJobs = (door: CustodyDoor): readonly Job[] => [
  job(clearing, { reach: async (_input, { signal }) => void (await clearBrokenMoves(door, signal)) }),
]

/** Rows that a killed mover has left cost room and nothing else: once an hour is soon enough. */
export const moveSchedules: readonly Schedule[] = [
  schedule({
    ...{ name: 'moves.clear', cron: '17 * * * *', zone: 'Etc/UTC', per: 'installation', catchUp: 'one' },
    ...{ kind: clearing, input: () => ({}) },
  }),
]
