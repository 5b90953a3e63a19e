import { type Static, Type } from 'typebox'
import { Id, Line, NAMED, Nullable, OneOf, Paragraphs, Shape, Stamps, Timestamp } from '#platform/http/shapes.ts'
import { CycleTime } from '../lines/schemas.ts'
import { Formula } from '../oee/schemas.ts'
import { Recipe, Unit } from '../products/schemas.ts'
import { CAPABILITY_FORMULA } from './capability.ts'

const LINE = '01890000-0000-7000-8000-000000000000'
const Planned = Type.Number({ exclusiveMinimum: 0, maximum: 1e12, examples: [1200] })
const Quantity = Type.Number({ minimum: 0, maximum: 1e12 })
const Cost = Type.Number({ minimum: 0, maximum: 1e12 })
const Currency = Type.String({
  pattern: '^[A-Z]{3}$',
  description: 'ISO 4217; by default the company’s',
  examples: ['EUR'],
})
const When = Type.Optional({
  ...Timestamp,
  description: 'By default now; at most 62 days ago',
  examples: ['2026-11-20T08:00:00Z'],
})

export const BatchStatus = OneOf(['planned', 'running', 'held', 'completed', 'aborted'])
const ScrapReasons = Type.Array(Shape({ reason: Line(100, NAMED), quantity: Quantity }), {
  maxItems: 50,
  description: 'Together at most the scrap; what is left over has no reason',
})

const plan = {
  planned_quantity: Planned,
  planned_scrap_quantity: Nullable({
    ...Quantity,
    description:
      'Scrap that is expected (PSQ); where absent, at the start the rate of the product by the planned quantity',
  } as typeof Quantity),
  batch_number: Line(50, {
    ...NAMED,
    description: 'Unique in its plant; made where absent',
    examples: ['P-2026-0412'],
  }),
  planned_start: Nullable(Timestamp),
  notes: Nullable(Paragraphs(5_000)),
  recipe: Nullable({
    ...Recipe,
    title: undefined,
    description: 'Of this batch alone; null: the product’s',
  } as typeof Recipe),
}
const product = {
  product_code: Line(50, { ...NAMED, description: 'Of a product, or any other', examples: ['PENNE-500'] }),
  unit: Unit,
}
const { planned_quantity, ...optionalPlan } = plan
export const NewBatch = Type.Object(
  { line_id: Id, ...product, planned_quantity, ...Type.Partial(Type.Object(optionalPlan)).properties },
  {
    ...{ additionalProperties: false, title: 'NewBatch' },
    examples: [{ line_id: LINE, product_code: 'PENNE-500', planned_quantity: 1200, unit: 'kg' }],
  },
)

const costs = {
  labor_cost: Nullable(Cost),
  material_cost: Nullable(Cost),
  scrap_cost: Nullable({
    ...Cost,
    description: 'Where absent, the part of the material cost that was scrapped',
  } as typeof Cost),
  currency: Nullable(Currency),
}
const inspected = {
  inspected_quantity: Nullable(Quantity),
  first_pass_quantity: Nullable({
    ...Quantity,
    description: 'Of those inspected, good without rework',
  } as typeof Quantity),
}
const made = { good_quantity: Quantity, scrap_quantity: Quantity, rework_quantity: Quantity }
const results = { ...made, scrap_reasons: ScrapReasons, ...inspected, ...costs }

export const BatchChange = Type.Partial(
  Type.Object({
    ...plan,
    ...results,
    status: Type.Literal('aborted', { description: 'Cancels a batch that is planned, ends one that runs or is held' }),
    reason: Line(500, { ...NAMED, description: 'Why; needed to abort and to correct quantities' }),
  }),
  { additionalProperties: false, title: 'BatchChange', examples: [{ planned_quantity: 1500 }] },
)

export const BatchStart = Type.Object(
  { at: When },
  { additionalProperties: false, title: 'BatchStart', examples: [{}] },
)
export const BatchHold = Type.Object(
  { reason: Line(500, { ...NAMED, examples: ['Waiting for the laboratory'] }), at: When },
  { additionalProperties: false, title: 'BatchHold', examples: [{ reason: 'Waiting for the laboratory' }] },
)
export const BatchResumption = Type.Object(
  { at: When },
  { additionalProperties: false, title: 'BatchResumption', examples: [{}] },
)
const { good_quantity, scrap_quantity, rework_quantity, ...rest } = results
export const BatchCompletion = Type.Object(
  {
    ...{ good_quantity, scrap_quantity, rework_quantity: Type.Optional(rework_quantity) },
    ...Type.Partial(Type.Object(rest)).properties,
    at: When,
  },
  {
    ...{ additionalProperties: false, title: 'BatchCompletion', description: 'Quantities of the whole batch' },
    examples: [
      {
        ...{ good_quantity: 1180, scrap_quantity: 15, rework_quantity: 5, labor_cost: 320, material_cost: 840.5 },
        ...{ scrap_reasons: [{ reason: 'broken', quantity: 15 }], currency: 'EUR' },
      },
    ],
  },
)
export const BatchOutput = Type.Object(
  {
    ...{
      good_quantity,
      scrap_quantity: Type.Optional(scrap_quantity),
      rework_quantity: Type.Optional(rework_quantity),
    },
    at: When,
  },
  {
    ...{ additionalProperties: false, title: 'BatchOutput', description: 'What came out since the last report' },
    examples: [{ good_quantity: 400, scrap_quantity: 6 }],
  },
)

export const Batch = Type.Object(
  {
    ...{ id: Id, plant_id: Id, line_id: Id, ...product, ...plan, status: BatchStatus },
    ...{ started_at: Nullable(Timestamp), ended_at: Nullable(Timestamp), end_reason: Nullable(Type.String()) },
    ideal_cycle_time_s: Nullable({ ...CycleTime, description: 'As it was at the start' } as typeof CycleTime),
    ...{ good_quantity: Nullable(Quantity), scrap_quantity: Nullable(Quantity), rework_quantity: Nullable(Quantity) },
    ...{ scrap_reasons: ScrapReasons, ...inspected, ...costs },
    ...Stamps,
  },
  { title: 'Batch' },
)
export type Batch = Static<typeof Batch>

export const Hold = Type.Object(
  {
    ...{ id: Id, reason: Type.String(), starts_at: Timestamp },
    ends_at: Nullable(Timestamp),
    ...{ held_by: Nullable(Id), resumed_by: Nullable(Id) },
  },
  { title: 'BatchHoldSpan' },
)
export type Hold = Static<typeof Hold>

const Figure = (description: string) => Nullable(Type.Number({ description }))
export const BatchReport = Type.Object(
  {
    ...Batch.properties,
    oee: Figure('Σ(PRU·GQ) / PBT'),
    availability: Figure('APT / PBT'),
    performance: Figure('PRU·PQ / APT; above 1 where the ideal cycle time is too long'),
    quality: Figure('GQ / PQ'),
    scrap_rate: Figure('SQ / PQ'),
    yield_rate: Figure('GQ / PQ'),
    rework_rate: Figure('RQ / PQ'),
    first_pass_yield: Figure('GP / IP, of what was inspected'),
    actual_to_planned_scrap: Figure('SQ / PSQ of a completed batch that has a planned scrap'),
    cost_per_unit: Figure('Labour and material by good unit'),
    exclusions: Type.Array(Type.Object({ reason: Type.String(), message: Type.String() })),
    holds: Type.Array(Hold, { description: 'When it was on hold, in the order of time' }),
    snapshot: Nullable(Type.Unknown({ description: 'Product, recipe and cycle time as they were at the start' })),
  },
  { title: 'BatchReport' },
)
export type BatchReport = Static<typeof BatchReport>

export const NewMeasurement = Type.Object(
  {
    control_point: Line(50, { ...NAMED, description: 'Its code in the recipe' }),
    value: Type.Number({ minimum: -1e12, maximum: 1e12 }),
    unit: Type.Optional(Unit),
    measured_at: When,
    note: Type.Optional(Nullable(Paragraphs(1_000))),
    corrective_action: Type.Optional(Paragraphs(2_000, { minLength: 1 })),
  },
  {
    additionalProperties: false,
    title: 'NewMeasurement',
    examples: [{ control_point: 'CCP1', value: 74.5, unit: '°C' }],
  },
)
export const CorrectiveAction = Shape(
  { corrective_action: Paragraphs(2_000, { minLength: 1, examples: ['Dried again for 20 minutes'] }) },
  { title: 'CorrectiveAction' },
)
export const Measurement = Type.Object(
  {
    ...{ id: Id, plant_id: Id, batch_id: Id, control_point: Type.String(), value: Type.Number(), unit: Type.String() },
    ...{ within_limits: Type.Boolean(), measured_at: Timestamp, note: Nullable(Type.String()) },
    corrective_action: Nullable(Type.String({ description: 'Needed where it is out of limits' })),
    ...{ corrected_at: Nullable(Timestamp), corrected_by: Nullable(Id) },
    ...Stamps,
  },
  { title: 'Measurement' },
)
export type Measurement = Static<typeof Measurement>

const index = (name: keyof (typeof CAPABILITY_FORMULA)['definitions']) => Figure(CAPABILITY_FORMULA.definitions[name])
export const CapabilityReport = Type.Object(
  {
    ...{ from: Timestamp, to: Timestamp },
    items: Type.Array(
      Type.Object({
        ...{ product_code: Type.String(), control_point: Type.String(), unit: Type.String() },
        min: Figure('LSL, as it was when the batches started'),
        max: Figure('USL'),
        ...{ n: Type.Integer(), batches: Type.Integer(), mean: Type.Number() },
        s: Figure('Deviation of all measurements, n − 1'),
        s_within: Figure('ŝ, pooled over the batches'),
        ...{ cm: index('cm'), cmk: index('cmk'), cp: index('cp'), cpk: index('cpk') },
        exclusions: Type.Array(Type.Object({ reason: Type.String(), message: Type.String() })),
      }),
    ),
    formula: Formula,
  },
  { title: 'CapabilityReport' },
)

/** What stands in batch_recipes: never changed. */
export type Snapshot = {
  product_code: string
  product_name: string | null
  product_revision: number | null
  ideal_cycle_time_s: number | null
  recipe: Recipe
  /** Absent where it was started before there was one. */
  planned_scrap_quantity?: number | null
}
