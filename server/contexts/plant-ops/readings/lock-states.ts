import { CompiledQuery } from 'kysely'
import { LRUCache } from 'lru-cache'
import { unpackDetector, type DetectorSettings, type DetectorState } from '../anomalies/detector.ts'
import { type Pulse, unpackPulse } from '../anomalies/silence.ts'
import type { Forecaster } from '../models/forecast.ts'
import { type LiveModel, unpackModel } from '../models/surprise.ts'
import { OF_LIVE_PLANT } from '../sensors/get-sensor.ts'
import type { ReadingWork } from '../tables.ts'

/** A sensor whose row of state this transaction holds. */
export type LiveState = DetectorSettings & {
  sensor_id: string
  plant_id: string
  stamp: number
  /** Null before the first reading. */
  last_ms: number | null
  last_value: number | null
  last_score: number | null
  last_mark: number | null
  /** What is older came to hours that change no more; null: all readings are there. */
  raw_from_ms: number | null
  tail: Buffer
  detector: DetectorState
  /** A trained one, where the sensor has one in use. */
  model: LiveModel | null
  pulse: Pulse
  /** From when on the clock tells that it is silent; null: nothing is awaited. */
  overdue_ms: number | null
  /** Its silence was told. */
  silent: boolean
}

type Heavy = Pick<LiveState, 'tail' | 'detector' | 'model' | 'pulse'>
/** What is as costly to fetch as it is to make, kept while the row's stamp is the same. */
type Remembered = { tenantId: string; stamp: number } & Heavy

// Whoever takes one out has it alone: what it becomes is put back when that is committed, and lost otherwise.
const remembered = new LRUCache<string, Remembered>({ max: 10_000 })

function recall(tenantId: string, sensorId: string): Remembered | undefined {
  const known = remembered.get(sensorId)
  if (known === undefined || known.tenantId !== tenantId) return undefined
  remembered.delete(sensorId)
  return known
}

/** Keeps what was committed for the next request to this process. */
export function remember(tenantId: string, states: readonly LiveState[]): void {
  for (const { sensor_id, stamp, tail, detector, model, pulse } of states) {
    remembered.set(sensor_id, { tenantId, stamp, tail, detector, model, pulse })
  }
}

const LOCK = `
  select st.sensor_id, st.plant_id, st.stamp, st.last_ms, st.last_value, st.last_score, st.last_mark, st.overdue_ms, st.silent,
         st.raw_from_ms, s.min, s.max, s.max_rate,
         case when st.stamp <> k.stamp then st.tail end as tail,
         case when st.stamp <> k.stamp then st.detector_hot end as detector_hot,
         case when st.stamp <> k.stamp then st.detector_cold end as detector_cold,
         case when st.stamp <> k.stamp then st.pulse end as pulse,
         case when st.stamp <> k.stamp then st.model end as model,
         case when st.stamp <> k.stamp then st.model_memory end as model_memory
    from unnest($2::uuid[], $3::bigint[]) as k(sensor_id, stamp)
    join sensor_states st on st.tenant_id = $1 and st.sensor_id = k.sensor_id
    join sensors s on s.tenant_id = $1 and s.id = k.sensor_id and s.deleted_at is null
   where ${OF_LIVE_PLANT}
   order by st.sensor_id for update of st`

type Row = Omit<LiveState, keyof Heavy> & {
  tail: Buffer | null
  pulse: Buffer | null
  detector_hot: Buffer | null
  detector_cold: Buffer | null
  model: Forecaster | null
  model_memory: Buffer | null
}

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/**
 * Takes these sensors' rows of state, in the order of their ids, so that two requests wait for each other and never in a circle.
 * Who is hidden, another's or out of scope is not among them.
 */
export async function lockStates(
  { db, tenantId }: ReadingWork,
  ids: Iterable<string>,
): Promise<Map<string, LiveState>> {
  const known = new Map<string, Remembered | undefined>()
  for (const id of ids) if (ID.test(id)) known.set(id, recall(tenantId, id))
  const states = new Map<string, LiveState>()
  if (known.size === 0) return states
  const stamps = Array.from(known.values(), (one) => one?.stamp ?? -1)
  const { rows } = await db.executeQuery(
    CompiledQuery.raw(LOCK, [tenantId, `{${[...known.keys()].join(',')}}`, `{${stamps.join(',')}}`]),
  )
  for (const { tail, pulse, detector_hot, detector_cold, model, model_memory, ...row } of rows as Row[]) {
    // Without a tail the row is as it was when it was remembered.
    const heavy: Heavy =
      tail === null
        ? known.get(row.sensor_id)!
        : {
            ...{ tail, detector: unpackDetector(detector_hot, detector_cold), pulse: unpackPulse(pulse) },
            model: unpackModel(model, model_memory),
          }
    states.set(row.sensor_id, {
      ...row,
      tail: heavy.tail,
      detector: heavy.detector,
      model: heavy.model,
      pulse: heavy.pulse,
    })
  }
  return states
}
