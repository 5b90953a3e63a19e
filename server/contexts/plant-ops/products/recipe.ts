import type { Detail } from '#platform/refusal.ts'
import type { ControlPoint, Recipe } from './schemas.ts'

/** What is wrong with a recipe beyond the shape of its fields. */
export function recipeProblems({ control_points = [] }: Recipe): Detail[] {
  const found: Detail[] = []
  const codes = control_points.map(({ code }) => code.toLowerCase())
  for (const [i, { min = null, max = null, code }] of control_points.entries()) {
    const field = `recipe.control_points.${i}`
    if (min === null && max === null) found.push({ field, message: 'must have a minimum or a maximum' })
    if (min !== null && max !== null && min > max)
      found.push({ field: `${field}.max`, message: 'must not be below min' })
    if (codes.indexOf(code.toLowerCase()) !== i) found.push({ field: `${field}.code`, message: 'stands there twice' })
  }
  return found
}

/** Whether a measured value is within the limits, which belong to what is allowed. */
export const withinLimits = ({ min = null, max = null }: Pick<ControlPoint, 'min' | 'max'>, value: number): boolean =>
  (min === null || value >= min) && (max === null || value <= max)
