import { LONGEST_KEY, sourceKey } from '../source-key.ts'
import { ProtobufError } from './protobuf.ts'
import { decodePayload, numberOf, type Metric, type Payload } from './sparkplug-payload.ts'

/** One value of one source, from a message of whatever kind. */
export type Sample = { key: string; at_ms: number; value: number; quality: number }
/** What a message was. `rebirth`: the node whose births are missing and should be asked for. `garbage`: why it is nothing. */
export type Taken = { samples: Sample[]; rebirth: string | null; garbage: string | null }

type Known = { key: string | null; datatype: number | null; last: { at_ms: number; value: number } | null }
/** What births told of a node or one of its devices. */
type Births = { byAlias: Map<bigint, Known>; byName: Map<string, Known>; device: string | null }
type Node = { bdSeq: bigint | null; seq: number | null; alive: boolean; parts: Map<string, Births> }
/** What one connection has heard: it begins anew with each, and births say the rest. */
export type SparkplugState = { nodes: Map<string, Node> }

export const newSparkplugState = (): SparkplugState => ({ nodes: new Map() })

/** Nodes of one broker; a broker with more is nobody's plant. */
const MOST_NODES = 10_000
const STALE = 500

const TOPIC = /^spBv1\.0\/([^/]+)\/(NBIRTH|DBIRTH|NDATA|DDATA|NDEATH|DDEATH|NCMD|DCMD)\/([^/]+)(?:\/([^/]+))?$/
const nothing = (garbage: string | null = null, rebirth: string | null = null): Taken => ({
  samples: [],
  rebirth,
  garbage,
})

/** The topic by which a node is asked to tell its births again. */
export const rebirthTopic = (node: string): string => {
  const [group, name] = node.split('/')
  return `spBv1.0/${group}/NCMD/${name}`
}
/** `Node Control/Rebirth = true`, as a payload. */
export function rebirthPayload(nowMs: number): Buffer {
  const name = Buffer.from('Node Control/Rebirth')
  const metric = Buffer.concat([Buffer.from([0x0a, name.length]), name, Buffer.from([0x20, 11, 0x70, 1])])
  const time: number[] = []
  for (let rest = BigInt(nowMs); ; rest >>= 7n) {
    if (rest < 128n) {
      time.push(Number(rest))
      break
    }
    time.push(Number(rest & 127n) | 128)
  }
  return Buffer.concat([Buffer.from([0x08, ...time, 0x12, metric.length]), metric])
}

/** Takes one message of a Sparkplug topic; never throws. */
export function takeSparkplug(state: SparkplugState, topic: string, bytes: Uint8Array, receivedMs: number): Taken {
  const [, group, kind, name, device = null] = TOPIC.exec(topic) ?? []
  if (group === undefined || kind === undefined || name === undefined)
    return nothing('The topic is none of Sparkplug B.')
  if (kind === 'NCMD' || kind === 'DCMD') return nothing()
  if ((device !== null) !== kind.startsWith('D'))
    return nothing('The topic names a device where there is none, or none.')
  let payload: Payload
  try {
    payload = decodePayload(bytes)
  } catch (error) {
    if (error instanceof ProtobufError) return nothing(`The payload is none of Sparkplug B: ${error.message}.`)
    throw error
  }
  const id = `${group}/${name}`
  if (kind === 'NBIRTH') return bearNode(state, id, payload, receivedMs)
  const node = state.nodes.get(id)
  if (kind === 'NDEATH') return endNode(node, payload, receivedMs)
  // Births were told before we listened, or were missed.
  if (node === undefined || !node.alive) return nothing(kind === 'DDEATH' ? null : 'Data came before its birth.', id)
  const gap = payload.seq !== null && node.seq !== null && payload.seq !== (node.seq + 1) % 256
  node.seq = payload.seq ?? node.seq
  const rebirth = gap ? id : null
  if (kind === 'DDEATH') return { samples: endPart(node, device, receivedMs), rebirth, garbage: null }
  if (kind === 'DBIRTH') return { ...bearPart(node, id, device, payload, receivedMs), rebirth }
  return takeData(node, id, device, payload, receivedMs, rebirth)
}

function bearNode(state: SparkplugState, id: string, payload: Payload, receivedMs: number): Taken {
  if (!state.nodes.has(id) && state.nodes.size >= MOST_NODES) return nothing('The broker has more than 10,000 nodes.')
  const bdSeq = payload.metrics.find(({ name }) => name === 'bdSeq')?.written?.value ?? null
  const node: Node = { bdSeq: bdSeq === null ? null : BigInt(bdSeq), seq: payload.seq, alive: true, parts: new Map() }
  state.nodes.set(id, node)
  return bearPart(node, id, null, payload, receivedMs)
}

function bearPart(node: Node, id: string, device: string | null, payload: Payload, receivedMs: number): Taken {
  const births: Births = { byAlias: new Map(), byName: new Map(), device }
  if (node.parts.size >= MOST_NODES) return nothing('The node has more than 10,000 devices.')
  node.parts.set(device ?? '', births)
  const samples: Sample[] = []
  for (const metric of payload.metrics) {
    const { name, alias, datatype } = metric
    if (name === null) continue
    const known: Known = { key: keyOf(id, device, name), datatype, last: null }
    births.byName.set(name, known)
    if (alias !== null) births.byAlias.set(alias, known)
    const sample = sampleOf(metric, known, payload.at_ms ?? receivedMs)
    if (sample !== null) samples.push(sample)
  }
  return { samples, rebirth: null, garbage: null }
}

/** Null for what steers the node, and for names that no source can have. */
function keyOf(id: string, device: string | null, name: string): string | null {
  if (name === 'bdSeq' || name.startsWith('Node Control/') || name.startsWith('Device Control/')) return null
  // oxlint-disable-next-line no-control-regex
  if (name === '' || /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(name + id + (device ?? ''))) return null
  const key = sourceKey(device === null ? id : `${id}/${device}`, [], name)
  return key.length > LONGEST_KEY ? null : key
}

function takeData(
  node: Node,
  id: string,
  device: string | null,
  payload: Payload,
  receivedMs: number,
  gap: string | null,
): Taken {
  const births = node.parts.get(device ?? '')
  if (births === undefined) return nothing('Data came before its birth.', id)
  const samples: Sample[] = []
  let unknown = 0
  for (const metric of payload.metrics) {
    const known = metric.alias === null ? births.byName.get(metric.name ?? '') : births.byAlias.get(metric.alias)
    if (known === undefined) unknown += 1
    else {
      const sample = sampleOf(metric, known, payload.at_ms ?? receivedMs)
      if (sample !== null) samples.push(sample)
    }
  }
  const garbage = unknown === 0 ? null : `${unknown} metrics are in no birth.`
  return { samples, rebirth: unknown > 0 ? id : gap, garbage }
}

function sampleOf(metric: Metric, known: Known, otherwiseMs: number): Sample | null {
  if (known.key === null || metric.is_null) return null
  const value = numberOf(metric, metric.datatype ?? known.datatype)
  const at_ms = metric.at_ms ?? otherwiseMs
  if (value === null || !Number.isFinite(value) || !Number.isSafeInteger(at_ms)) return null
  // By what it says and not by its time: the clock of a node may be set back.
  if (known.last === null || !metric.is_historical) known.last = { at_ms, value }
  const { quality } = metric
  return { key: known.key, at_ms, value, quality: quality === 0 || quality === STALE ? quality : 192 }
}

/** A death that belongs to an earlier session of the node says nothing about this one. */
function endNode(node: Node | undefined, { metrics }: Payload, receivedMs: number): Taken {
  if (node === undefined || !node.alive) return nothing()
  const told = metrics.find(({ name }) => name === 'bdSeq')?.written?.value
  if (told !== undefined && node.bdSeq !== null && BigInt(told) !== node.bdSeq) return nothing()
  const samples = [...node.parts.values()].flatMap(({ device }) => endPart(node, device, receivedMs))
  node.alive = false
  return { samples, rebirth: null, garbage: null }
}

/** What was last heard of each metric is from now on stale: the last value once more, marked so. */
function endPart(node: Node, device: string | null, receivedMs: number): Sample[] {
  const births = node.parts.get(device ?? '')
  if (births === undefined) return []
  node.parts.delete(device ?? '')
  return [...births.byName.values()].flatMap(({ key, last }) =>
    key === null || last === null
      ? []
      : [{ key, at_ms: Math.max(receivedMs, last.at_ms + 1), value: last.value, quality: STALE }],
  )
}
