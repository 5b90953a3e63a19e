/**
 * The detector by itself: CPU per reading by what a sensor does, once warm, and what is kept of a sensor. `bench/nab.ts` says how
 * good its scores are.
 */
import {
  ANOMALY,
  newDetector,
  packDetector,
  scoreReading,
  unpackDetector,
} from '../server/contexts/plant-ops/anomalies/detector.ts'
import { table } from './table.ts'

const READINGS = 400_000
const TURNS = 20_000
const MINUTE_MS = 60_000

export type DetectorCost = {
  /** CPU of one score. */
  score_us: number
  /** CPU of unpacking and packing the state, once for each sensor of a request. */
  state_us: number
  state_bytes: number
  /** Of 1,000 readings, those that were told as anomalies. */
  told_per_1000: number
}

type Sensor = { stepMs: number; value: (n: number) => number }

const day = (n: number, stepMs: number): number => Math.sin((2 * Math.PI * n * stepMs) / 86_400_000)
const SENSORS: Record<string, Sensor> = {
  'each second, noise around a daily wave': {
    stepMs: 1_000,
    value: (n) => 50 + 20 * day(n, 1_000) + Math.random(),
  },
  'each five minutes, noise around a daily wave': {
    stepMs: 5 * MINUTE_MS,
    value: (n) => 50 + 20 * day(n, 5 * MINUTE_MS) + Math.random(),
  },
  'each five minutes, constant': { stepMs: 5 * MINUTE_MS, value: () => 21.5 },
  'each five minutes, a jump now and then': {
    stepMs: 5 * MINUTE_MS,
    value: (n) => 50 + Math.random() + (n % 500 === 0 ? 40 : 0),
  },
  'each quarter-hour, a random walk': (() => {
    let at = 0
    return { stepMs: 15 * MINUTE_MS, value: () => (at += Math.random() - 0.5) }
  })(),
}
const SETTINGS = { min: -1e6, max: 1e6, max_rate: null }

const spent = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since)
  return user + system
}

function measure({ stepMs, value }: Sensor): DetectorCost {
  const values = Float64Array.from({ length: READINGS }, (_, n) => value(n))
  const state = newDetector()
  const warm = READINGS / 4
  let told = 0
  let began = process.cpuUsage()
  for (let n = 0; n < READINGS; n += 1) {
    if (n === warm) began = process.cpuUsage()
    const { score } = scoreReading(state, SETTINGS, n * stepMs, values[n]!, 192)
    if (n >= warm && score >= ANOMALY) told += 1
  }
  const score_us = spent(began) / (READINGS - warm)
  state.coldChanged = true
  const { hot, cold } = packDetector(state)
  const packing = process.cpuUsage()
  for (let n = 0; n < TURNS; n += 1) packDetector(unpackDetector(hot, cold))
  return {
    score_us,
    state_us: spent(packing) / TURNS,
    state_bytes: hot.length + (cold?.length ?? 0),
    told_per_1000: (told * 1000) / (READINGS - warm),
  }
}

export const measureDetector = (): Record<string, DetectorCost> =>
  Object.fromEntries(Object.entries(SENSORS).map(([name, sensor]) => [name, measure(sensor)]))

export const tellDetector = (costs: Readonly<Record<string, DetectorCost>>): string =>
  table(
    ['what', 'how', 'score µs', 'state µs', 'state bytes', 'told of 1,000'],
    Object.entries(costs).map(([name, cost]) => [
      ...['a reading', name, cost.score_us.toFixed(2), cost.state_us.toFixed(2)],
      ...[cost.state_bytes.toFixed(0), cost.told_per_1000.toFixed(2)],
    ]),
  )
