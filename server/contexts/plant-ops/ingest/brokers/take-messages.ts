import type { Database } from '#platform/database/work.ts'
import { systemScope } from '#platform/database/system-scope.ts'
import type { BrokerMessage } from '#platform/mqtt/broker-connection.ts'
import { ingestReadings } from '../../readings/ingest-readings.ts'
import { findSensors } from '../find-sensors.ts'
import { takePlain } from '../mqtt/plain-payload.ts'
import { newSparkplugState, takeSparkplug, type SparkplugState, type Taken } from '../mqtt/sparkplug.ts'
import { addRow, newRows, type Rows } from '../rows.ts'
import { fits } from './broker.ts'

/** What is read of a broker, as far as its messages need it. */
export type Feed = {
  readonly tenant_id: string
  readonly id: string
  readonly plant_id: string | null
  readonly topics: readonly { filter: string; format: 'plain' | 'sparkplug' }[]
}
/** What happened since it was told last. */
export type Tally = { messages: number; readings: number; rejected: number; garbage: number; error: string | null }
export const newTally = (): Tally => ({ messages: 0, readings: 0, rejected: 0, garbage: 0, error: null })

/** What one connection knows of its messages. */
export type Reading = {
  readonly feed: Feed
  readonly sparkplug: SparkplugState
  readonly tally: Tally
  /** Read once, however often they are tried to be written: to read is to move the state on. */
  readonly read: WeakMap<BrokerMessage, Taken>
  /** The last time given to a source whose messages bring none: two in one millisecond are two readings. */
  readonly given: Map<string, number>
}
export const newReading = (feed: Feed): Reading => ({
  ...{ feed, sparkplug: newSparkplugState(), tally: newTally(), read: new WeakMap(), given: new Map() },
})

const MOST_GIVEN = 50_000
/** A burst is told apart by milliseconds; whoever is further behind looks at a clock that was set back. */
const SET_BACK_MS = 10_000

/** The time of a message that brings none: that of its arrival, and after the one before; what a clock says that was set back holds. */
export const arrivalOf = (receivedMs: number, lastMs: number): number =>
  lastMs - receivedMs > SET_BACK_MS ? receivedMs : Math.max(receivedMs, lastMs + 1)

function readMessage({ feed, sparkplug, given }: Reading, message: BrokerMessage): Taken {
  const { topic, payload, receivedMs, retained } = message
  const format = feed.topics.find(({ filter }) => fits(filter, topic))?.format
  if (format === 'sparkplug') return takeSparkplug(sparkplug, topic, payload, receivedMs)
  if (format === undefined) return { samples: [], rebirth: null, garbage: 'The topic fits no filter.' }
  const taken = takePlain(topic, payload, receivedMs)
  const [sample] = taken.samples
  if (sample === undefined || sample.at_ms !== receivedMs) return taken
  // Kept by the broker from some earlier time, which it does not tell.
  if (retained) return { ...taken, samples: [] }
  if (given.size > MOST_GIVEN) given.clear()
  const at_ms = arrivalOf(receivedMs, given.get(sample.key) ?? 0)
  given.set(sample.key, at_ms)
  return { ...taken, samples: [{ ...sample, at_ms }] }
}

function rowsOf(reading: Reading, messages: readonly BrokerMessage[]): { rows: Rows; rebirths: Set<string> } {
  const rows = newRows()
  const rebirths = new Set<string>()
  const { feed, read, tally } = reading
  for (const [index, message] of messages.entries()) {
    let taken = read.get(message)
    if (taken === undefined) {
      read.set(message, (taken = readMessage(reading, message)))
      tally.messages += 1
      if (taken.garbage !== null) {
        tally.garbage += 1
        tally.error = `${message.topic.slice(0, 200)}: ${taken.garbage}`
      }
    }
    if (taken.rebirth !== null) rebirths.add(taken.rebirth)
    for (const { key, at_ms, value, quality } of taken.samples) {
      rows.sources.set(key, { key, plant: feed.plant_id })
      addRow(rows, index, key, at_ms, value, quality)
    }
  }
  return { rows, rebirths }
}

/** Writes what the messages bring, in one Work. Resolves when it is committed; answers which nodes should tell their births again. */
export async function takeMessages(
  database: Database,
  reading: Reading,
  messages: readonly BrokerMessage[],
): Promise<Set<string>> {
  const { rows, rebirths } = rowsOf(reading, messages)
  if (rows.columns.index.length === 0) return rebirths
  const { feed, tally } = reading
  const { ingested, refused } = await database.write(systemScope(feed.tenant_id, `broker ${feed.id}`), async (work) => {
    // Refusals are written down in the rows: each try has its own.
    const own: Rows = { ...rows, refused: [] }
    const columns = await findSensors(work, own)
    return { ingested: await ingestReadings(work, columns), refused: own.refused }
  })
  const rejected = [...refused, ...ingested.rejected]
  tally.readings += ingested.accepted + ingested.duplicates
  tally.rejected += rejected.length
  if (rejected[0] !== undefined) tally.error = rejected[0].message
  return rebirths
}
