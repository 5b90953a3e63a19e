import type { Installation } from '../database/installation.ts'
import type { Config } from '#config'
import type { Log } from '../telemetry/log.ts'
import type { EventKind } from './event-kind.ts'
import { openHearing, type Hearing } from './hear.ts'
import { runBus, type Bus } from './nats/run-bus.ts'
import { startSequencer } from './sequencer.ts'
import type { Subscriber } from './subscriber.ts'
import { startSubscribers } from './subscribers.ts'

/** `bus`: null where none is configured. */
export type Events = { readonly hearing: Hearing; readonly bus: Bus | null; readonly stop: () => Promise<void> }

type Followers = { subscribers: readonly Subscriber[]; kinds: readonly EventKind[]; config: Config }

/**
 * What one process does for events: numbers them, hears of those that others numbered, and takes them to the subscribers and to
 * the bus.
 */
export async function runEvents(
  { custody, database, urls }: Installation,
  { subscribers, kinds, config }: Followers,
  log: Log,
): Promise<Events> {
  const sequencer = startSequencer(custody, database, log)
  const hearing = openHearing(urls.owner, log)
  const following = await startSubscribers({ database, custody, hearing, log }, subscribers)
  const { NATS_URL } = config
  const deps = { custody, kinds, hearing, log, connectionString: urls.owner }
  const bus = NATS_URL === undefined ? null : await runBus(deps, { ...config, NATS_URL })
  return {
    hearing,
    bus,
    stop: async () => {
      await Promise.all([following.stop(), bus?.stop()])
      await Promise.all([sequencer.stop(), hearing.stop()])
    },
  }
}
