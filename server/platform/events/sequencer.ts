import type { CustodyDoor } from '../database/custody.ts'
import type { Database } from '../database/work.ts'
import type { Log } from '../telemetry/log.ts'

/** Commits that come together are numbered together: one transaction for all of them. */
const COALESCE_MS = 5
/** While commits keep coming, a batch begins this long after the one before: most of a small one's cost is the batch. */
const PACE_MS = 20
/** Whatever hint was lost (a killed process, another machine), events wait no longer than this. */
const POLL_MS = 250
/** Another process is at it: it may have looked before our commit. */
const AGAIN_MS = 20
const BATCH = 1_000

// Named: parsed once per connection.
const SEQUENCE = { name: 'o_sequence', text: 'select control.sequence_events($1) as n', values: [BATCH] }

export type Sequencer = {
  /** Something was committed. */
  wake: () => void
  stop: () => Promise<void>
}

/** Numbers what is committed, up to one batch; null where another process is at it. Returns how many. */
export const sequenceEvents = (custody: CustodyDoor): Promise<number | null> =>
  // One round trip and no transaction of ours around it: it has its own rights, and it is called up to 200 times a second.
  custody.session(async (client) => {
    const { rows } = await client.query<{ n: number | null }>(SEQUENCE)
    return rows[0]!.n
  })

/**
 * Every process runs one; the database lets one of them number at a time. Migration 0004 says why events are not numbered
 * by their writers.
 */
export function startSequencer(custody: CustodyDoor, { whenLeft }: Pick<Database, 'whenLeft'>, log: Log): Sequencer {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let wanted = false
  let stopped = false
  let begun = -PACE_MS
  /** Until the next batch that a commit asks for. */
  const pause = (): number => Math.max(COALESCE_MS, begun + PACE_MS - performance.now())
  const round = async (): Promise<number> => {
    wanted = false
    begun = performance.now()
    const numbered = await sequenceEvents(custody)
    if (numbered === null) return AGAIN_MS
    return numbered === BATCH ? 0 : POLL_MS
  }
  const cycle = async (): Promise<void> => {
    const wait = await round().catch((error: unknown) => {
      if (!stopped) log.warn({ err: error }, 'events were not numbered; trying again')
      return POLL_MS
    })
    running = undefined
    if (!stopped) timer = setTimeout(run, wanted ? Math.min(wait, pause()) : wait)
  }
  const run = (): void => {
    running = cycle()
  }
  const wake = (): void => {
    if (wanted || stopped) return
    wanted = true
    if (running) return
    clearTimeout(timer)
    timer = setTimeout(run, pause())
  }
  whenLeft.add(wake)
  timer = setTimeout(run, 0)
  return {
    wake,
    stop: async () => {
      stopped = true
      whenLeft.delete(wake)
      clearTimeout(timer)
      await running
    },
  }
}
