import { randomUUID } from 'node:crypto'
import type { Installation } from '#platform/database/installation.ts'
import { callable, type Network } from '#platform/http/outgoing/addresses.ts'
import { connectToBroker, type BrokerConnection } from '#platform/mqtt/broker-connection.ts'
import { decryptField, type KeyRing } from '#platform/secrets/field-encryption.ts'
import type { Log } from '#platform/telemetry/log.ts'
import { rebirthPayload, rebirthTopic } from '../mqtt/sparkplug.ts'
import { passwordContext } from './broker.ts'
import { CLAIM_S, claimBrokers, noteBrokers, releaseBrokers, type ClaimedBroker } from './claim-brokers.ts'
import { findNodes } from './find-nodes.ts'
import { sendRebirths, type Rebirths } from './send-rebirths.ts'
import { newReading, takeMessages, type Reading, type Tally } from './take-messages.ts'

export type BrokersDeps = {
  readonly installation: Pick<Installation, 'custody' | 'database'>
  readonly ring: KeyRing
  readonly log: Log
  readonly config: { readonly outgoingAllowed: readonly Network[] }
}
export type Brokers = { readonly stop: () => Promise<void> }

/** How often claims are renewed, and told how connections do; tests do not wait so long. */
const ROUND_MS = 2_000
/** Well before another process may believe that this one is gone. */
const LOST_MS = (CLAIM_S - 3) * 1_000

type Held = {
  broker: ClaimedBroker
  reading: Reading
  connection: BrokerConnection
  rebirths: Rebirths
  connected: boolean
  told: boolean | null
}

/**
 * Holds the connections to brokers: of all processes that run it one holds each, by a claim that it renews. One that cannot renew it
 * lets go before another takes it; by their protocol, brokers moreover end the older of two sessions with one name.
 */
export function runBrokers(deps: BrokersDeps, roundMs = ROUND_MS): Brokers {
  const { custody } = deps.installation
  const holder = randomUUID()
  const held = new Map<string, Held>()
  let [stopped, claimedAt] = [false, 0]
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()

  const drop = async (id: string): Promise<void> => {
    const one = held.get(id)
    held.delete(id)
    one?.rebirths.stop()
    await one?.connection.close()
  }
  const claim = async (): Promise<void> => {
    const telling = newsOf([...held.values()])
    const brokers = await custody.run(async (work) => {
      await noteBrokers(work, holder, telling)
      return claimBrokers(work, holder)
    })
    claimedAt = performance.now()
    for (const { one, connected, tally } of telling) {
      one.told = connected
      subtract(one.reading, tally)
    }
    const wanted = new Map(brokers.map((broker) => [broker.id, broker]))
    const gone = [...held.values()].filter(({ broker }) => wanted.get(broker.id)?.revision !== broker.revision)
    await Promise.all(gone.map(({ broker }) => drop(broker.id)))
    for (const broker of brokers) if (!held.has(broker.id)) held.set(broker.id, hold(deps, broker))
  }
  const round = async (): Promise<void> => {
    try {
      await claim()
    } catch (error) {
      deps.log.warn({ err: error }, 'claims on brokers were not renewed')
      if (performance.now() - claimedAt > LOST_MS) await Promise.all([...held.keys()].map(drop))
    }
    if (!stopped) timer = setTimeout(run, roundMs)
  }
  const run = (): void => {
    running = round()
  }
  run()
  return {
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      await running
      await Promise.all([...held.keys()].map(drop))
      await custody.run((work) => releaseBrokers(work, holder)).catch(() => undefined)
    },
  }
}

/** Of whom there is something to tell, as it is now. */
const newsOf = (held: readonly Held[]) =>
  held
    .filter(
      ({ reading: { tally }, connected, told }) => tally.messages > 0 || tally.error !== null || connected !== told,
    )
    .map((one) => ({ one, broker: one.broker, connected: one.connected, tally: { ...one.reading.tally } }))

/** What was told leaves the tally; what came meanwhile stays. */
function subtract({ tally }: Reading, told: Tally): void {
  tally.messages -= told.messages
  tally.readings -= told.readings
  tally.rejected -= told.rejected
  tally.garbage -= told.garbage
  if (tally.error === told.error) tally.error = null
}

/** The sealed password; one that does not open connects as nobody, and the broker says so. */
function passwordOf({ ring, log }: BrokersDeps, { tenant_id, id, password }: ClaimedBroker): string | null {
  if (password === null) return null
  try {
    return decryptField(ring, password, passwordContext(tenant_id, id))
  } catch (error) {
    log.error({ err: error, broker: id }, 'the password of a broker cannot be opened')
    return null
  }
}

function hold(deps: BrokersDeps, broker: ClaimedBroker): Held {
  const { database } = deps.installation
  const reading = newReading(broker)
  const rebirths = sendRebirths({
    send: (node) => connection.publish(rebirthTopic(node), rebirthPayload(Date.now())),
    isBorn: (node) => reading.sparkplug.nodes.get(node)?.alive ?? false,
  })
  let before = false
  const connected = (resumed: boolean): void => {
    if (before && !resumed) {
      reading.tally.error = 'The broker kept no session: what came meanwhile is lost.'
      // Births may have been missed with the rest, and aliases may mean something else by now.
      if (broker.rebirth) for (const node of reading.sparkplug.nodes.values()) node.alive = false
    }
    before = true
    if (broker.rebirth) void askKnown(deps, broker, rebirths)
  }
  const connection = connectToBroker({
    ...{ url: new URL(broker.url), ca: broker.ca, username: broker.username, version: broker.version },
    password: passwordOf(deps, broker),
    mayCall: callable(deps.config.outgoingAllowed),
    // The same in every process: the session that waits for it on the broker goes by this name.
    clientId: `officina-${broker.id.replaceAll('-', '')}`,
    filters: broker.topics.map(({ filter }) => filter),
    take: async (messages) => {
      const nodes = await takeMessages(database, reading, messages)
      if (broker.rebirth) rebirths.ask(nodes)
    },
    abandoned: ({ topic }, error) => {
      deps.log.error({ err: error, broker: broker.id }, 'a message of a broker cannot be taken')
      reading.tally.garbage += 1
      reading.tally.error = `${topic.slice(0, 200)}: The message cannot be taken.`
    },
    told: (news) => {
      if (news.connected !== undefined) one.connected = news.connected
      if (news.error !== undefined) reading.tally.error = news.error.slice(0, 500)
      if (news.resumed !== undefined) connected(news.resumed)
    },
  })
  const one: Held = { broker, reading, connection, rebirths, connected: false, told: null }
  return one
}

/** Nodes speak when something changes, which may be tomorrow: those that feed sensors are asked for births that are unknown here. */
async function askKnown(
  { installation, log }: BrokersDeps,
  broker: ClaimedBroker,
  { askUnborn }: Rebirths,
): Promise<void> {
  try {
    askUnborn(await findNodes(installation.database, broker))
  } catch (error) {
    log.warn({ err: error, broker: broker.id }, 'the nodes of a broker were not asked for their births')
  }
}
