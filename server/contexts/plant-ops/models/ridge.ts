/** Rows of features one after the other, and what each should give. */
export type Samples = { readonly width: number; readonly features: Float64Array; readonly targets: Float64Array }

/** Of the mean square of each feature: enough to keep two that say the same apart, too little to be seen in the rest. */
const PENALTY = 1e-6
/** Errors beyond so many times the median count less (Huber, 1964; 1.345 standard deviations of normal noise). */
const FAR = 1.345 * 1.4826
const ROUNDS = 4

/**
 * The weights of a robust linear regression with a small ridge, in closed form and a few rounds of reweighting. The same samples give
 * the same weights.
 */
export function fitWeights(samples: Samples): number[] {
  const { width, targets } = samples
  const trust = new Float64Array(targets.length).fill(1)
  let weights = new Float64Array(width)
  for (let round = 0; round < ROUNDS; round += 1) {
    weights = solve(...normal(samples, trust))
    if (round === ROUNDS - 1) break
    const errors = errorsOf(samples, weights)
    const far = FAR * medianOf(errors)
    for (let row = 0; row < trust.length; row += 1) trust[row] = errors[row]! > far && far > 0 ? far / errors[row]! : 1
  }
  return [...weights]
}

/** How far off each is, without its sign. */
export function errorsOf({ width, features, targets }: Samples, weights: ArrayLike<number>): Float64Array {
  const errors = new Float64Array(targets.length)
  for (let row = 0; row < errors.length; row += 1) {
    let sum = 0
    for (let i = 0; i < width; i += 1) sum += weights[i]! * features[row * width + i]!
    errors[row] = Math.abs(targets[row]! - sum)
  }
  return errors
}

/** The middle one of the sorted; 0 of none. */
export function medianOf(values: Float64Array): number {
  const sorted = values.toSorted()
  return sorted[sorted.length >> 1] ?? 0
}

type Normal = [matrix: Float64Array, right: Float64Array]

function normal({ width, features, targets }: Samples, trust: Float64Array): Normal {
  const matrix = new Float64Array(width * width)
  const right = new Float64Array(width)
  for (let row = 0; row < targets.length; row += 1) {
    const at = row * width
    for (let i = 0; i < width; i += 1) {
      const one = trust[row]! * features[at + i]!
      right[i]! += one * targets[row]!
      for (let j = 0; j <= i; j += 1) matrix[i * width + j]! += one * features[at + j]!
    }
  }
  for (let i = 0; i < width; i += 1) matrix[i * width + i]! += PENALTY * (matrix[i * width + i]! + 1)
  return [matrix, right]
}

/** By Cholesky: the lower half of the matrix becomes its root. */
function solve(matrix: Float64Array, right: Float64Array): Float64Array<ArrayBuffer> {
  const width = right.length
  for (let i = 0; i < width; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let sum = matrix[i * width + j]!
      for (let k = 0; k < j; k += 1) sum -= matrix[i * width + k]! * matrix[j * width + k]!
      matrix[i * width + j] = i === j ? Math.sqrt(Math.max(sum, Number.MIN_VALUE)) : sum / matrix[j * width + j]!
    }
  }
  const weights = new Float64Array(right)
  for (let i = 0; i < width; i += 1) {
    for (let k = 0; k < i; k += 1) weights[i]! -= matrix[i * width + k]! * weights[k]!
    weights[i]! /= matrix[i * width + i]!
  }
  for (let i = width - 1; i >= 0; i -= 1) {
    for (let k = i + 1; k < width; k += 1) weights[i]! -= matrix[k * width + i]! * weights[k]!
    weights[i]! /= matrix[i * width + i]!
  }
  return weights
}
