/**
 * Vectors of length 1 as 16-bit numbers in two planes: value = (coarse * 256 + fine) * scale. The coarse plane alone (int8) is a quarter of float32 and decides
 * who comes near; both together are as good as float32 to the fourth digit of a cosine and half its size.
 */
export type Planes = {
  /** float32 little-endian, one per vector. */
  readonly scales: Buffer
  /** int8, vector after vector. */
  readonly coarse: Buffer
  /** int8, vector after vector. */
  readonly fine: Buffer
}

/** coarse * 256 + fine reaches 127 * 256 + 127 at most. */
const GREATEST = 127 * 256 + 127

/** Vectors of the same number of dimensions as planes. */
export function planesOf(vectors: readonly Float32Array[]): Planes {
  const dimensions = vectors[0]?.length ?? 0
  const scales = Buffer.alloc(vectors.length * 4)
  const coarse = Buffer.alloc(vectors.length * dimensions)
  const fine = Buffer.alloc(vectors.length * dimensions)
  for (const [n, vector] of vectors.entries()) {
    let greatest = 0
    for (const one of vector) greatest = Math.max(greatest, Math.abs(one))
    const scale = Math.fround(greatest / GREATEST)
    scales.writeFloatLE(scale, n * 4)
    for (let i = 0; i < dimensions; i += 1) {
      const whole = scale === 0 ? 0 : Math.max(-GREATEST, Math.min(GREATEST, Math.round(vector[i]! / scale)))
      const high = Math.floor((whole + 128) / 256)
      coarse.writeInt8(high, n * dimensions + i)
      fine.writeInt8(whole - high * 256, n * dimensions + i)
    }
  }
  return { scales, coarse, fine }
}

/** The cosine of the n-th vector of planes with a vector of length 1. */
export function cosineWith({ scales, coarse, fine }: Planes, n: number, vector: Float32Array): number {
  const from = n * vector.length
  let sum = 0
  for (let i = 0; i < vector.length; i += 1) {
    sum += (coarse.readInt8(from + i) * 256 + fine.readInt8(from + i)) * vector[i]!
  }
  return sum * scales.readFloatLE(n * 4)
}

/** A query for the first pass, in int16, whose products of a thousand dimensions with int8 fit into int32: 127 * 4096 * 4096 dimensions < 2^31. */
export function coarseQuery(vector: Float32Array): { cells: Int16Array; scale: number } {
  let greatest = 0
  for (const one of vector) greatest = Math.max(greatest, Math.abs(one))
  const scale = greatest === 0 ? 1 : greatest / 4_095
  return { cells: Int16Array.from(vector, (one) => Math.round(one / scale)), scale }
}
