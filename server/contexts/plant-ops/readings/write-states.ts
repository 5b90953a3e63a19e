import { CompiledQuery } from 'kysely'
import { packDetector } from '../anomalies/detector.ts'
import { packPulse, PULSE_BYTES } from '../anomalies/silence.ts'
import { packMemory } from '../models/surprise.ts'
import type { ReadingWork } from '../tables.ts'
import type { Block } from './block.ts'
import type { LiveState } from './lock-states.ts'

export type BlockOf = Block & { sensor_id: string; plant_id: string }

const INSERT = `
  insert into reading_blocks (tenant_id, sensor_id, plant_id, first_ms, last_ms, readings, good, min, max, sum, sum_low, last_value, data)
  select $1, b.sensor_id, b.plant_id, b.first_ms, b.last_ms, b.readings, b.good, b.min, b.max, b.sum, b.sum_low, b.last_value,
         substr($2::bytea, b.at, b.length)
    from unnest($3::uuid[], $4::uuid[], $5::bigint[], $6::bigint[], $7::integer[], $8::integer[], $9::float8[], $10::float8[],
                $11::float8[], $12::float8[], $13::float8[], $14::integer[], $15::integer[])
      as b(sensor_id, plant_id, first_ms, last_ms, readings, good, min, max, sum, sum_low, last_value, at, length)`

/**
 * The new states, and the blocks that were sealed, in one statement. All bytes travel as one parameter, which is binary: an array of
 * them would be hexadecimal text. Where none of the sensors has a model, nothing is said of models.
 */
const writing = (models: boolean): string => `
  with changed as (
    update sensor_states st
       set stamp = $16, last_ms = g.last_ms, last_value = g.last_value, last_score = g.last_score, last_mark = g.last_mark,
           tail = substr($2::bytea, g.at, g.length), small_blocks = st.small_blocks + g.sealed,
           overdue_ms = g.overdue_ms, silent = g.silent, pulse = substr($2::bytea, $31::integer + ${PULSE_BYTES} * (g.nth - 1)::integer, ${PULSE_BYTES}),
           ${models ? 'model_memory = substr($2::bytea, g.memory_at, nullif(g.memory_length, 0)),' : ''}
           detector_hot = substr($2::bytea, g.hot_at, g.hot_length),
           detector_cold = case when g.cold_length = 0 then st.detector_cold else substr($2::bytea, g.cold_at, g.cold_length) end
      from unnest($17::uuid[], $18::bigint[], $19::float8[], $20::smallint[], $21::smallint[], $22::integer[], $23::integer[],
                  $24::integer[], $25::integer[], $26::integer[], $27::integer[], $28::integer[], $29::bigint[], $30::boolean[]${models ? ', $32::integer[], $33::integer[]' : ''}) with ordinality
        as g(sensor_id, last_ms, last_value, last_score, last_mark, at, length, sealed, hot_at, hot_length, cold_at, cold_length,
             overdue_ms, silent, ${models ? 'memory_at, memory_length, ' : ''}nth)
     where st.tenant_id = $1 and st.sensor_id = g.sensor_id)
${INSERT}`
const WRITE = writing(false)
const WRITE_MODELS = writing(true)

/** An array as PostgreSQL reads it; of numbers, ids and truths alone, which need no quotes. */
const arrayOf = <T>(items: readonly T[], take: (item: T) => number | string | boolean | null): string => {
  let text = '{'
  for (let i = 0; i < items.length; i += 1) text += (i === 0 ? '' : ',') + (take(items[i]!) ?? 'NULL')
  return `${text}}`
}

type Place = { at: number; length: number }
const at = (place: Place): number => place.at
const length = (place: Place): number => place.length
const NOTHING = new Uint8Array(0)

/** Pieces of bytes in one, with the place of each as PostgreSQL counts them, from 1. */
function newBytes() {
  const parts: Uint8Array[] = []
  let end = 1
  return {
    add: (part: Uint8Array): Place => {
      const place = { at: end, length: part.length }
      end += part.length
      parts.push(part)
      return place
    },
    all: (): Buffer => Buffer.concat(parts),
  }
}

/** Parameters 3 to 15 of INSERT. */
const blockArrays = (blocks: readonly BlockOf[], places: readonly Place[]): string[] => [
  arrayOf(blocks, (block) => block.sensor_id),
  arrayOf(blocks, (block) => block.plant_id),
  arrayOf(blocks, (block) => block.first_ms),
  arrayOf(blocks, (block) => block.last_ms),
  arrayOf(blocks, (block) => block.readings),
  arrayOf(blocks, (block) => block.good),
  arrayOf(blocks, (block) => block.min),
  arrayOf(blocks, (block) => block.max),
  arrayOf(blocks, (block) => block.sum),
  arrayOf(blocks, (block) => block.sum_low),
  arrayOf(blocks, (block) => block.last_value),
  ...[arrayOf(places, at), arrayOf(places, length)],
]

/** Adds blocks; the caller holds their sensors' rows of state. */
export async function insertBlocks({ db, tenantId }: ReadingWork, blocks: readonly BlockOf[]): Promise<void> {
  const bytes = newBytes()
  const places = blocks.map(({ data }) => bytes.add(data))
  await db.executeQuery(CompiledQuery.raw(INSERT, [tenantId, bytes.all(), ...blockArrays(blocks, places)]))
}

/** Writes what these sensors have become; `sealed` counts as small until blocks are merged. */
export async function writeStates(
  { db, tenantId }: ReadingWork,
  stamp: number,
  states: readonly LiveState[],
  blocks: readonly BlockOf[],
  sealed: ReadonlyMap<string, number>,
): Promise<void> {
  const bytes = newBytes()
  const tails = states.map(({ tail }) => bytes.add(tail))
  const packed = states.map(({ detector }) => packDetector(detector))
  const hots = packed.map(({ hot }) => bytes.add(hot))
  const colds = packed.map(({ cold }) => bytes.add(cold ?? NOTHING))
  const [firstPulse] = states.map(({ pulse }) => bytes.add(packPulse(pulse)))
  const hasModels = states.some(({ model }) => model !== null)
  const memories = hasModels ? states.map(({ model }) => bytes.add(model === null ? NOTHING : packMemory(model))) : []
  const ofBlocks = blocks.map(({ data }) => bytes.add(data))
  await db.executeQuery(
    CompiledQuery.raw(hasModels ? WRITE_MODELS : WRITE, [
      ...[tenantId, bytes.all(), ...blockArrays(blocks, ofBlocks), stamp],
      arrayOf(states, (state) => state.sensor_id),
      arrayOf(states, (state) => state.last_ms),
      arrayOf(states, (state) => state.last_value),
      arrayOf(states, (state) => state.last_score),
      arrayOf(states, (state) => state.last_mark),
      ...[arrayOf(tails, at), arrayOf(tails, length)],
      arrayOf(states, (state) => sealed.get(state.sensor_id) ?? 0),
      ...[arrayOf(hots, at), arrayOf(hots, length), arrayOf(colds, at), arrayOf(colds, length)],
      arrayOf(states, (state) => state.overdue_ms),
      arrayOf(states, (state) => state.silent),
      firstPulse!.at,
      ...(hasModels ? [arrayOf(memories, at), arrayOf(memories, length)] : []),
    ]),
  )
}
