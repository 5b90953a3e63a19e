import { bell, chance, wander } from './noise.ts'

/** A line for dry pasta as a function of time alone (epoch ms): what it does, and what its sensors read. */
export const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** One batch after the other, day and night. */
export const SLOT_MS = 4 * HOUR_MS
const CHANGEOVER_MS = 18 * MINUTE_MS
const CLEANING_MS = 15 * MINUTE_MS
/** kg per hour at full speed: 3 s per kg. */
export const FULL_SPEED = 1_200
const SEED = 20_261

export const PRODUCTS = [
  { code: 'PENNE-500', name: 'Penne rigate 500 g', unit: 'kg' },
  { code: 'FUSILLI-500', name: 'Fusilli 500 g', unit: 'kg' },
  { code: 'RIGATONI-1000', name: 'Rigatoni 1 kg', unit: 'kg' },
] as const

type Status = 'running' | 'down' | 'changeover' | 'cleaning'
export type LineSpan = { status: Status; reason_code: string; from: number; to: number }

/** Why it stands still, how long at the least and at the most (minutes), and how often of a hundred. */
const STOPS = [
  ['microstop', 1, 3, 45],
  ['inlet_jam', 3, 9, 20],
  ['outlet_jam', 2, 8, 15],
  ['equipment_failure', 10, 35, 12],
  ['material_other', 4, 12, 8],
] as const

function stopOf(dice: number, long: number): { reason: string; ms: number } {
  let rest = dice * 100
  for (const [reason, least, most, weight] of STOPS) {
    rest -= weight
    if (rest < 0) return { reason, ms: Math.round(least + (most - least) * long) * MINUTE_MS }
  }
  return { reason: 'microstop', ms: MINUTE_MS }
}

export type Slot = {
  number: number
  from: number
  to: number
  /** Of the batch: when its line is set up, and when it is cleaned. */
  starts: number
  ends: number
  product: (typeof PRODUCTS)[number]
  spans: readonly LineSpan[]
  good: number
  scrap: number
  rework: number
}

const kg = (value: number): number => Math.round(value * 10) / 10

/** The four hours in which a time lies. */
export function slotAt(at: number): Slot {
  const number = Math.floor(at / SLOT_MS)
  const [from, to] = [number * SLOT_MS, (number + 1) * SLOT_MS]
  const [starts, ends] = [from + CHANGEOVER_MS, to - CLEANING_MS]
  const spans: LineSpan[] = [{ status: 'changeover', reason_code: 'changeover', from, to: starts }]
  let running = 0
  let time = starts
  for (let i = 0; time < ends; i += 1) {
    const dice = (part: number): number => chance(SEED + part, number * 64 + i)
    const stops = Math.min(ends, time + Math.round(25 + 70 * dice(1)) * MINUTE_MS)
    spans.push({ status: 'running', reason_code: 'full_speed', from: time, to: stops })
    running += stops - time
    const { reason, ms } = stopOf(dice(2), dice(3))
    time = Math.min(ends, stops + ms)
    if (time > stops) spans.push({ status: 'down', reason_code: reason, from: stops, to: time })
  }
  spans.push({ status: 'cleaning', reason_code: 'cleaning', from: ends, to })
  const made = (running / HOUR_MS) * FULL_SPEED * (0.93 + 0.05 * chance(SEED + 4, number))
  const scrap = made * (0.008 + 0.02 * chance(SEED + 5, number))
  const rework = made * 0.006 * chance(SEED + 6, number)
  const product = PRODUCTS[Math.floor(chance(SEED + 7, number) * PRODUCTS.length)] ?? PRODUCTS[0]
  return {
    number,
    from,
    to,
    starts,
    ends,
    product,
    spans,
    good: kg(made - scrap - rework),
    scrap: kg(scrap),
    rework: kg(rework),
  }
}

/** What the line does at a time, and since when. */
export const spanAt = (at: number): LineSpan => {
  const { spans } = slotAt(at)
  return spans.findLast(({ from }) => from <= at) ?? spans[0]!
}

/** 1 at full speed, 0 at rest; it takes two minutes to come and to go. */
function load(at: number): number {
  const span = spanAt(at)
  const since = Math.min(1, (at - span.from) / (2 * MINUTE_MS))
  return span.status === 'running' ? since : 1 - since
}

/** About every third day something is wrong with a sensor's process for half an hour; 0 when not, else how strong. */
function trouble(sensor: number, at: number): number {
  const day = Math.floor(at / (24 * HOUR_MS))
  if (chance(SEED + 100 + sensor, day) > 0.06) return 0
  const begins = day * 24 * HOUR_MS + chance(SEED + 200 + sensor, day) * 23 * HOUR_MS
  return at >= begins && at < begins + 30 * MINUTE_MS ? 1 : 0
}

export type SimulatedSensor = {
  /** By what it is found again. */
  source: string
  name: string
  unit: string
  kind: string
  min?: number
  max?: number
  value: (at: number) => number
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits))
type Signal = { rest: number; full: number; wander: number; noise: number; trouble: number; digits: number }

/** A value between rest and full load, never below zero, that wanders, is a little noisy, and now and then is in trouble. */
const signal =
  (number: number, { rest, full, wander: width, noise, trouble: jump, digits }: Signal) =>
  (at: number): number => {
    const usual = rest + (full - rest) * load(at) + width * wander(SEED + 300 + number, at, 6 * HOUR_MS)
    return Math.max(0, round(usual + noise * bell(SEED + 400 + number, at / 1000) + jump * trouble(number, at), digits))
  }

export const SENSORS: readonly SimulatedSensor[] = [
  {
    ...{
      source: 'sim/press/pressure',
      name: 'Pressa: pressione alla trafila',
      unit: 'bar',
      kind: 'pressure',
      min: 0,
      max: 130,
    },
    value: signal(1, { rest: 2, full: 88, wander: 3, noise: 0.6, trouble: 22, digits: 1 }),
  },
  {
    ...{ source: 'sim/press/vacuum', name: 'Pressa: vuoto', unit: 'mbar', kind: 'pressure', min: 0 },
    value: signal(2, { rest: 950, full: 62, wander: 4, noise: 1.5, trouble: 120, digits: 0 }),
  },
  {
    ...{
      source: 'sim/press/current',
      name: 'Pressa: corrente del motore',
      unit: 'A',
      kind: 'current',
      min: 0,
      max: 260,
    },
    value: signal(3, { rest: 18, full: 164, wander: 5, noise: 2, trouble: 40, digits: 1 }),
  },
  {
    ...{
      source: 'sim/dryer/zone-1',
      name: 'Essiccatoio: temperatura zona 1',
      unit: 'Cel',
      kind: 'temperature',
      max: 90,
    },
    value: signal(4, { rest: 58, full: 64, wander: 1.2, noise: 0.15, trouble: 9, digits: 1 }),
  },
  {
    ...{
      source: 'sim/dryer/zone-2',
      name: 'Essiccatoio: temperatura zona 2',
      unit: 'Cel',
      kind: 'temperature',
      max: 95,
    },
    value: signal(5, { rest: 70, full: 78, wander: 1.2, noise: 0.15, trouble: -11, digits: 1 }),
  },
  {
    ...{
      source: 'sim/dryer/humidity',
      name: 'Essiccatoio: umidità relativa',
      unit: '%',
      kind: 'humidity',
      min: 0,
      max: 100,
    },
    value: signal(6, { rest: 64, full: 76, wander: 2, noise: 0.4, trouble: 10, digits: 1 }),
  },
  {
    ...{
      source: 'sim/product/moisture',
      name: 'Prodotto: umidità in uscita',
      unit: '%',
      kind: 'moisture',
      min: 9,
      max: 12.5,
    },
    value: signal(7, { rest: 11.6, full: 11.8, wander: 0.2, noise: 0.05, trouble: 0.9, digits: 2 }),
  },
  {
    ...{ source: 'sim/line/speed', name: 'Linea: portata', unit: 'kg/h', kind: 'flow', min: 0 },
    value: signal(8, { rest: 0, full: FULL_SPEED * 0.97, wander: 10, noise: 5, trouble: -250, digits: 0 }),
  },
  {
    ...{ source: 'sim/line/power', name: 'Linea: potenza elettrica', unit: 'kW', kind: 'power', min: 0 },
    value: signal(9, { rest: 95, full: 418, wander: 9, noise: 3, trouble: 70, digits: 1 }),
  },
  {
    ...{
      source: 'sim/store/temperature',
      name: 'Magazzino: temperatura',
      unit: 'Cel',
      kind: 'temperature',
      min: 5,
      max: 30,
    },
    value: (at) =>
      round(
        19 +
          1.8 * Math.sin((2 * Math.PI * (at - 9 * HOUR_MS)) / (24 * HOUR_MS)) +
          wander(SEED + 500, at, 72 * HOUR_MS) +
          0.05 * bell(SEED + 501, at / 1000) +
          6 * trouble(10, at),
        1,
      ),
  },
]
