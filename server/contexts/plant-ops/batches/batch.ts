import type { Detail } from '#platform/refusal.ts'
import { withinLimits } from '../products/recipe.ts'
import type { ControlPoint } from '../products/schemas.ts'

export type BatchStatus = 'planned' | 'running' | 'held' | 'completed' | 'aborted'

const PLAN = ['planned_quantity', 'planned_scrap_quantity', 'notes', 'status', 'reason']
/** Which fields a person may still change in a state; the others are what they are. */
const CHANGEABLE: Record<BatchStatus, readonly string[]> = {
  planned: [...PLAN, 'batch_number', 'planned_start', 'recipe'],
  running: PLAN,
  held: PLAN,
  completed: [
    ...['notes', 'reason', 'good_quantity', 'scrap_quantity', 'rework_quantity', 'scrap_reasons'],
    ...['inspected_quantity', 'first_pass_quantity', 'labor_cost', 'material_cost', 'scrap_cost', 'currency'],
  ],
  aborted: ['notes'],
}

/** The fields of a change that the state of a batch does not allow. */
export const fixedFields = (status: BatchStatus, change: object): Detail[] =>
  Object.keys(change)
    .filter((field) => !CHANGEABLE[status].includes(field))
    .map((field) => ({ field, message: `cannot be changed while the batch is ${status}` }))

export type Result = {
  good: number
  scrap: number
  rework: number
  inspected: number | null
  first_pass: number | null
  scrap_reasons: readonly { reason: string; quantity: number }[]
}

// Sums of decimals in doubles are a little off.
const exceeds = (part: number, whole: number): boolean => part > whole * (1 + 1e-9)

/** What does not go together in the quantities of a whole batch; `reported` was said of it before. */
export function quantityProblems(result: Result, reported: Pick<Result, 'good' | 'scrap' | 'rework'>): Detail[] {
  const found: Detail[] = []
  for (const name of ['good', 'scrap', 'rework'] as const) {
    if (exceeds(reported[name], result[name])) {
      found.push({ field: `${name}_quantity`, message: `is less than the ${reported[name]} reported already` })
    }
  }
  if (
    exceeds(
      result.scrap_reasons.reduce((sum, { quantity }) => sum + quantity, 0),
      result.scrap,
    )
  ) {
    found.push({ field: 'scrap_reasons', message: 'add up to more than scrap_quantity' })
  }
  const { inspected, first_pass } = result
  if ((inspected === null) !== (first_pass === null)) {
    found.push({ field: 'first_pass_quantity', message: 'and inspected_quantity are given together or not at all' })
  } else if (inspected !== null && first_pass! > inspected) {
    found.push({ field: 'first_pass_quantity', message: 'is more than inspected_quantity' })
  }
  return found
}

/** PSQ of a batch from the rate of its product, without the noise of doubles; null where there is none. */
export const plannedScrap = ({ planned_quantity }: { planned_quantity: number }, rate: number | null): number | null =>
  rate === null ? null : Number((rate * planned_quantity).toPrecision(12))

type Costs = { labor_cost: number | null; material_cost: number | null; scrap_cost: number | null }

/** What was scrapped of the material's cost, where nobody says what the scrap cost; null where that is not known. */
export function scrapCost(
  { material_cost, scrap_cost }: Costs,
  { good, scrap, rework }: Pick<Result, 'good' | 'scrap' | 'rework'>,
) {
  if (scrap_cost !== null || material_cost === null) return scrap_cost
  const produced = good + scrap + rework
  return produced > 0 ? Math.round((material_cost * scrap * 1e4) / produced) / 1e4 : null
}

/** Labour and material by good unit. The cost of scrap is part of the material's; null where nothing is known or good. */
export function costPerUnit({ labor_cost, material_cost }: Costs, good: number | null): number | null {
  if (good === null || good <= 0 || (labor_cost === null && material_cost === null)) return null
  return ((labor_cost ?? 0) + (material_cost ?? 0)) / good
}

type Measured = { control_point: string; value: number; corrective_action: string | null }

/** What keeps a batch from being completed: points without a measurement, measurements out of limits without an action. */
export function openControls(points: readonly ControlPoint[], measured: readonly Measured[]): Detail[] {
  return points.flatMap((point) => {
    const { code, required = true } = point
    const of = measured.filter(({ control_point }) => control_point === code)
    if (of.length === 0) return required ? [{ field: code, message: 'was not measured' }] : []
    const open = of.filter(({ value, corrective_action }) => !withinLimits(point, value) && corrective_action === null)
    return open.length > 0 ? [{ field: code, message: 'is out of limits without a corrective action' }] : []
  })
}

const currencies: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'))
/** Whether ISO 4217 has it, as far as this system knows. */
export const isCurrency = (code: string): boolean => currencies.has(code)
