/**
 * Dot products of int8 rows with one int16 query, 16 cells at a time: WebAssembly SIMD, which each thread of Node has, put together here because it is eleven
 * instructions. A loop of JavaScript does one cell at a time and took seven times as long (docs/performance.md, «Search»).
 */
const [I32, V128] = [0x7f, 0x7b]
const [BLOCK_VOID, LOOP, BR_IF, END] = [0x40, 0x03, 0x0d, 0x0b]
const [GET, SET, TEE, CONST] = [0x20, 0x21, 0x22, 0x41]
const [ADD, MUL, LESS] = [0x6a, 0x6c, 0x49]

const unsigned = (value: number): number[] => {
  const bytes: number[] = []
  do {
    const rest = value >>> 7
    bytes.push((value & 0x7f) | (rest === 0 ? 0 : 0x80))
    value = rest
  } while (value !== 0)
  return bytes
}
const simd = (code: number, ...rest: number[]): number[] => [0xfd, ...unsigned(code), ...rest]
const sized = (bytes: readonly number[]): number[] => [...unsigned(bytes.length), ...bytes]
const section = (id: number, body: readonly number[]): number[] => [id, ...sized(body)]
const text = (name: string): number[] => sized([...Buffer.from(name)])

// Parameters and locals by their numbers.
const [row, end, query, width, out, at, sum, cells] = [0, 1, 2, 3, 4, 5, 6, 7] as const
const LOAD = simd(0x00, 4, 0)
const [SPLAT, ADD_4] = [simd(0x11), simd(0xae)]
const [LOW, HIGH, DOT] = [simd(0x87), simd(0x88), simd(0xba)]
const LANE = (n: number): number[] => simd(0x1b, n)

const body = [
  ...[LOOP, BLOCK_VOID],
  ...[CONST, 0, ...SPLAT, SET, sum, CONST, 0, SET, at],
  ...[LOOP, BLOCK_VOID],
  // sum += row[at..at+16] · query[at..at+16]; the query's cells are two bytes each.
  ...[GET, row, GET, at, ADD, ...LOAD, TEE, cells, ...LOW],
  ...[GET, query, GET, at, CONST, 2, MUL, ADD, ...LOAD, ...DOT],
  ...[GET, cells, ...HIGH],
  ...[GET, query, GET, at, CONST, 2, MUL, ADD, ...simd(0x00, 4, 16), ...DOT],
  ...[...ADD_4, GET, sum, ...ADD_4, SET, sum],
  ...[GET, at, CONST, 16, ADD, TEE, at, GET, width, LESS, BR_IF, 0],
  END,
  // *out = the four lanes together
  ...[GET, out, GET, sum, ...LANE(0), GET, sum, ...LANE(1), ADD, GET, sum, ...LANE(2), ADD, GET, sum, ...LANE(3), ADD],
  ...[0x36, 2, 0],
  ...[GET, out, CONST, 4, ADD, SET, out],
  ...[GET, row, GET, width, ADD, TEE, row, GET, end, LESS, BR_IF, 0],
  ...[END, END],
]

const MODULE = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...section(1, [1, 0x60, ...sized([I32, I32, I32, I32, I32]), 0]),
  ...section(2, [1, ...text('host'), ...text('memory'), 0x02, 0x00, ...unsigned(1)]),
  ...section(3, [1, 0]),
  ...section(7, [1, ...text('scan'), 0x00, 0]),
  ...section(10, [1, ...sized([3, 1, I32, 1, V128, 1, V128, ...body])]),
])

/** From byte `row` up to byte `end`, rows of `width` bytes (a multiple of 16) with the query at byte `query`: int32 from byte `out` on. */
export type Scan = (row: number, end: number, query: number, width: number, out: number) => void

/** What Node has of WebAssembly and TypeScript describes with the browser's types only. */
export type Memory = { readonly buffer: ArrayBuffer; readonly grow: (pages: number) => number }
type Wasm = {
  Memory: new (size: { initial: number; maximum: number }) => Memory
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object, imports: { host: { memory: Memory } }) => { exports: { scan: Scan } }
}
const wasm = (globalThis as unknown as { WebAssembly: Wasm }).WebAssembly

/** A memory in pages of 64 KiB. */
export const newMemory = (initial: number, maximum: number): Memory => new wasm.Memory({ initial, maximum })

/** The function over a memory. */
export const scanOver = (memory: Memory): Scan =>
  new wasm.Instance(new wasm.Module(MODULE), { host: { memory } }).exports.scan
