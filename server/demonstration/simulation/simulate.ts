import { setTimeout as sleep } from 'node:timers/promises'
import { openClient, type Call, type Credentials } from './client.ts'
import { SENSORS } from './pasta-line.ts'
import { findLine, finishBatches, makeShifts, tellLine, tellNow } from './run-line.ts'

export type Simulation = {
  /** Where the server is, without a path. */
  url: string
  credentials: Credentials
  /** So many days of readings, one in a quarter of an hour, are sent at the beginning. */
  days: number
  /** Readings per second from then on, of all sensors together. */
  rate: number
  /** Of the plant; the first that is seen where it is not given. */
  plant?: string
  told?: (message: string) => void
}

const DAY_MS = 86_400_000
const HISTORY_MS = 900_000
/** Rows of a request. */
const MOST = 1_000
/** Sent at once while it runs: what a request costs is shared by these. */
const TICK_MS = 1_000
const LONGEST_TICK_MS = 10_000

type Sensor = { id: string; last: number; value: (at: number) => number }
type Reading = { sensor_id: string; ts: string; value: number }

/**
 * Plays a line for dry pasta to a server through its public API, until the signal: first months of readings and a day
 * of batches, then what happens now. Everything is a function of time: begun again it goes on where it was, and repeats nothing.
 */
export async function simulate({ told = () => undefined, ...options }: Simulation, signal: AbortSignal): Promise<void> {
  const call = openClient(options.url, options.credentials, signal)
  const plantId = await findPlant(call, options.plant)
  const begun = Date.now()
  const running = await findLine(call, plantId, begun)
  const sensors = await findSensors(call, running.line.id, begun - options.days * DAY_MS)
  const sent = await send(call, sensors, begun, HISTORY_MS)
  for (const sensor of sensors) sensor.last = begun
  told(`${sent} readings of ${sensors.length} sensors were sent.`)
  await tellNow(call, running, begun)
  await finishBatches(call, running)
  await tellLine(call, running, begun)
  await makeShifts(call, running, begun)
  told('The line runs.')
  const distance = (sensors.length / options.rate) * 1000
  const tick = Math.min(LONGEST_TICK_MS, Math.max(TICK_MS, distance))
  for (;;) {
    await sleep(tick, undefined, { signal })
    const now = Date.now()
    await send(call, sensors, now, distance)
    await tellLine(call, running, now)
  }
}

async function findPlant(call: Call, code: string | undefined): Promise<string> {
  const query = code === undefined ? '' : `&q=${encodeURIComponent(code)}`
  const { body } = await call('GET', `/plants?limit=200&type=Food${query}`)
  const { items } = body as { items: { id: string; code: string }[] }
  const plant = code === undefined ? items[0] : items.find((one) => one.code === code)
  if (plant === undefined)
    throw new Error(code === undefined ? 'There is no food plant.' : `There is no plant ${code}.`)
  return plant.id
}

/** The sensors of the line with the time of their newest reading; made where they are not there yet. */
async function findSensors(call: Call, lineId: string, earliest: number): Promise<Sensor[]> {
  const sensors: Sensor[] = []
  for (const { value, ...asked } of SENSORS) {
    const { source } = asked
    const found = await call('GET', `/plant-ops/sensors?source=${encodeURIComponent(source)}&limit=1`)
    const [known] = (found.body as { items: { id: string }[] }).items
    const made =
      known ?? ((await call('POST', '/plant-ops/sensors', { ...asked, line_id: lineId })).body as { id: string })
    sensors.push({ id: made.id, last: earliest, value })
  }
  const { body } = await call('GET', `/plant-ops/sensors/readings/latest?line_id=${lineId}&limit=200`)
  const newest = new Map(
    (body as { items: { sensor_id: string; reading: { ts: string } | null }[] }).items.map((one) => [
      one.sensor_id,
      one.reading === null ? 0 : Date.parse(one.reading.ts),
    ]),
  )
  for (const sensor of sensors) sensor.last = Math.max(sensor.last, newest.get(sensor.id) ?? 0)
  return sensors
}

/** Sends what every sensor read since its last time, at whole multiples of a distance in ms; answers how many. */
async function send(call: Call, sensors: Sensor[], now: number, distance: number): Promise<number> {
  let sent = 0
  let readings: Reading[] = []
  const flush = async (): Promise<void> => {
    if (readings.length === 0) return
    const { body } = await call('POST', '/plant-ops/sensors/readings/bulk', { readings })
    const [refused] = (body as { rejected: { message: string }[] }).rejected
    if (refused !== undefined) throw new Error(`A reading was refused: ${refused.message}`)
    sent += readings.length
    readings = []
  }
  for (const sensor of sensors) {
    for (let n = Math.floor(sensor.last / distance) + 1; n * distance <= now; n += 1) {
      const at = Math.floor(n * distance)
      readings.push({ sensor_id: sensor.id, ts: new Date(at).toISOString(), value: sensor.value(at) })
      sensor.last = at
      if (readings.length === MOST) await flush()
    }
  }
  await flush()
  return sent
}
