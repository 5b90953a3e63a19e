import type { Config } from '#config'
import { connectOnce, openStream } from '#platform/events/nats/open-broker.ts'
import { fail, ok, type Finding } from './finding.ts'

/** Whether the bus takes events, where one is configured; how far it has come is among the subscribers. */
export async function examineNats(config: Config): Promise<Finding[]> {
  const { NATS_URL, NATS_STREAM } = config
  if (NATS_URL === undefined) return []
  const mend =
    'Look at NATS_URL and NATS_CREDENTIALS, at the broker (JetStream must be on), and what stands in between.'
  try {
    const settings = { ...config, NATS_URL }
    const connection = await connectOnce(settings)
    try {
      const { streams } = await (await openStream(connection, settings, false)).jetstreamManager(false)
      const { state } = await streams.info(NATS_STREAM)
      return [ok('nats', `the stream ${NATS_STREAM} has ${state.messages} events`)]
    } finally {
      await connection.close()
    }
  } catch (error) {
    return [fail('nats', `does not take events: ${(error as Error).message}`, mend)]
  }
}
