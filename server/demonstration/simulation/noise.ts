/**
 * Chance that is the same whenever it is asked: a function of a seed and a number. What is simulated for a time is then always the
 * same, so that sending it once more changes nothing.
 */
export function chance(seed: number, n: number): number {
  // The finalizer of MurmurHash3 over both halves of the number.
  let h = Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul(n | 0, 0x85ebca6b) ^ Math.floor(n / 2 ** 32)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32
}

/** Nearly normal, mean 0, deviation 1: the sum of four uniform ones. */
export function bell(seed: number, n: number): number {
  let sum = 0
  for (let i = 0; i < 4; i += 1) sum += chance(seed + i * 7919, n)
  return (sum - 2) * Math.sqrt(3)
}

/** Wanders between −1 and 1, smoothly, with a turn about every `period` ms. */
export function wander(seed: number, at: number, period: number): number {
  const place = at / period
  const before = Math.floor(place)
  const part = place - before
  const smooth = part * part * (3 - 2 * part)
  const [from, to] = [chance(seed, before), chance(seed, before + 1)]
  return 2 * (from + (to - from) * smooth) - 1
}
