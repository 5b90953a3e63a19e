/** What tests with a real broker share. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { v7 as uuidv7 } from 'uuid'
import { parseNetwork } from '#platform/http/outgoing/addresses.ts'
import { newTenant, plantOf, testApp, type TestTenant } from '#test/harness.ts'
import { runBrokers, type Brokers } from './run-brokers.ts'

/** The broker of the machine, that lets anybody in. */
export const ADDRESS = process.env['TEST_MQTT_URL'] ?? 'mqtt://127.0.0.1:1883'

export async function until<T>(
  what: string,
  find: () => Promise<T | undefined | false | null>,
  ms = 15_000,
): Promise<T> {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(50)) {
    const found = await find()
    if (found !== undefined && found !== false && found !== null) return found
  }
  return assert.fail(`not in time: ${what}`)
}

/** A process that holds brokers, which may be on this machine. */
export async function start(): Promise<Brokers> {
  const { deps } = await testApp()
  return runBrokers({ ...deps, config: { outgoingAllowed: [parseNetwork('127.0.0.0/8')!] } }, 200)
}

export type Place = { tenant: TestTenant; root: string; broker: string }
/** A company with one broker, in which sensors make themselves. */
export async function place(format: 'plain' | 'sparkplug', more: object = {}): Promise<Place> {
  const tenant = await newTenant({ configuration: { ingest: { create_sensors: true } } })
  const plant_id = await plantOf(tenant)
  const root = `t${uuidv7().slice(-12)}`
  const here = { tenant, root, broker: '' }
  return { ...here, broker: await addBroker(here, { format, plant_id, ...more }) }
}

/** One more broker of the same company and topics; its id. */
export async function addBroker(
  { tenant, root }: Place,
  { format = 'plain', ...more }: { format?: 'plain' | 'sparkplug'; [field: string]: unknown } = {},
): Promise<string> {
  const filter = format === 'plain' ? `${root}/#` : `spBv1.0/${root}/#`
  const made = await tenant.admin.call('POST', '/plant-ops/brokers', {
    ...{ name: 'Mosquitto', url: ADDRESS, topics: [{ filter, format }], ...more },
  })
  assert.equal(made.status, 201, made.text)
  return made.body.id as string
}

export const stateOf = async ({ tenant, broker }: Place) =>
  (await tenant.admin.call('GET', `/plant-ops/brokers/${broker}`)).body.state as Record<
    string,
    number | boolean | string | null
  >
export const connected = (here: Place) => until('connected', async () => (await stateOf(here))['connected'] === true)

/** Values and qualities of what a source feeds, in the order of time. */
export async function readingsOf({ tenant }: Place, source: string): Promise<[number, number][]> {
  const found = await tenant.admin.call('GET', `/plant-ops/sensors?source=${encodeURIComponent(source)}`)
  const id = found.body.items[0]?.id as string | undefined
  if (id === undefined) return []
  const { body } = await tenant.admin.call('GET', `/plant-ops/sensors/${id}/readings`)
  return (body.items as { value: number; quality: number }[]).map(({ value, quality }) => [value, quality])
}

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))]
const field = (number: number, bytes: number[]): number[] => [(number << 3) | 2, ...varint(bytes.length), ...bytes]
function double(value: number): number[] {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return [0x69, ...bytes]
}
/** A metric of Sparkplug B: a double with an alias, and in a birth with its name and datatype. */
export const metric = (value: number, alias: number, name?: string): number[] => [
  ...(name === undefined ? [] : field(1, [...Buffer.from(name)])),
  ...[0x10, alias],
  ...(name === undefined ? [] : [0x20, 10]),
  ...double(value),
]
/** A payload of Sparkplug B; without `seq` as a death has none. */
export const message = (at: number, seq: number | null, ...metrics: number[][]): Buffer =>
  Buffer.from([0x08, ...varint(at), ...metrics.flatMap((one) => field(2, one)), ...(seq === null ? [] : [0x18, seq])])
