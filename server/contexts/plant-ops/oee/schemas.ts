import { Type } from 'typebox'
import { Day, Id, Nullable, OneOf, Shape, Timestamp } from '#platform/http/shapes.ts'
import { OEE_FORMULA } from './indicators.ts'

const indicatorFields = Object.fromEntries(
  Object.entries(OEE_FORMULA.definitions).map(([name, definition]) => [
    name,
    Nullable(Type.Number({ description: definition })),
  ]),
) as Record<keyof (typeof OEE_FORMULA)['definitions'], ReturnType<typeof Nullable<ReturnType<typeof Type.Number>>>>

const Seconds = (description: string) => Type.Number({ description: `${description}, seconds` })
const Sum = Type.Number()
export const OeeSums = Type.Object(
  {
    pot_s: Seconds('Planned operation time (POT)'),
    planned_downtime_s: Seconds('Planned downtime'),
    pbt_s: Seconds('Planned busy time (PBT)'),
    apt_s: Seconds('Actual production time (APT)'),
    asut_s: Seconds('Actual set-up time (ASUT)'),
    aupt_s: Seconds('Actual unit processing time (AUPT)'),
    adet_s: Seconds('Actual unit delay time (ADET)'),
    aubt_s: Seconds('Actual unit busy time (AUBT)'),
    adot_s: Seconds('Actual unit down time (ADOT)'),
    aoet_s: Seconds('Actual order execution time (AOET)'),
    unrecorded_s: Seconds('Of ADET and ADOT, what nobody recorded a state of'),
    overtime_s: Seconds('Of APT, outside of the plan'),
    ...{ produced: Sum, good: Sum, scrap: Sum, rework: Sum, inspected: Sum, first_pass: Sum },
    planned_scrap: Type.Number({ description: 'PSQ of completed batches that have a planned scrap' }),
    scrap_against_plan: Type.Number({ description: 'What those batches scrapped' }),
    ideal_produced_s: Seconds('Σ PRU·PQ'),
    ideal_good_s: Seconds('Σ PRU·GQ'),
    without_cycle_time: Type.Number({ description: 'Produced without an ideal cycle time' }),
    units: Type.Array(Type.String()),
    ...{ failures: Type.Integer(), restored: Type.Integer() },
    restoration_s: Seconds('From failure to restoration'),
    to_failure_s: Seconds('AUPT up to the last failure that began'),
    maintenance_s: Seconds('In the state maintenance'),
  },
  { title: 'OeeSums' },
)

const Exclusions = Type.Array(Type.Object({ reason: Type.String(), message: Type.String() }))
/** How figures explain themselves. */
export const Formula = Type.Object({
  version: Type.String({ examples: [OEE_FORMULA.version] }),
  source: Type.String(),
  definitions: Type.Record(Type.String(), Type.String()),
})
const figures = { ...indicatorFields, sums: OeeSums, exclusions: Exclusions }
const period = {
  from: Timestamp,
  to: Timestamp,
  counted_to: {
    ...Timestamp,
    description: 'Up to where there is something to count: now, where the period goes beyond',
  },
}

export const LineOee = Type.Object(
  {
    ...{ line_id: Id, plant_id: Id, ...period },
    plan: OneOf(['shifts', 'orders'], {
      description: 'What the planned time is: the shifts, or before the first shift the time of batches',
    }),
    ...figures,
    inputs: Type.Object({
      time_zone: Type.String(),
      batches: Type.Integer(),
      open_batches: Type.Array(Id, { description: 'Their time counts, what they have not reported does not' }),
      states: Type.Integer(),
      shifts: Type.Integer(),
      planned_downtimes: Type.Integer(),
    }),
    formula: Formula,
  },
  { title: 'LineOee' },
)

export const OeeReport = Type.Object(
  {
    ...period,
    by: OneOf(['line', 'shift', 'product', 'plant']),
    items: Type.Array(
      Type.Object({
        key: Type.String({ description: 'Id of the line, shift or plant; code of the product' }),
        line_id: Nullable(Id),
        plant_id: Nullable(Id),
        name: Nullable(Type.String()),
        ...{ from: Timestamp, to: Timestamp },
        ...figures,
      }),
    ),
    totals: Type.Object(figures, { description: 'From the sums of all items' }),
    formula: Formula,
  },
  { title: 'OeeReport' },
)

export const Restatement = Type.Object(
  {
    id: Id,
    ...{
      line_id: Id,
      plant_id: Id,
      period: OneOf(['shift', 'day', 'month']),
      starts_at: Timestamp,
      ends_at: Timestamp,
    },
    version: Type.Integer({ description: '1 is what stood when the period was closed' }),
    reason: Type.String({ description: 'closed, or what changed it' }),
    figures: Type.Unknown({ description: 'Indicators, their sums, exclusions and the version of the formula' }),
    created_at: Timestamp,
    created_by: Nullable(Id),
  },
  { title: 'Restatement' },
)

const When = (description: string) => Type.Optional(Type.Union([Day, Timestamp], { description }))
export const PeriodQuery = {
  from: When('A day or a time; by default 24 hours before the end'),
  to: When('A day, which is included, or a time, which is not; by default now'),
}
export const OeeQuery = Shape({
  ...PeriodQuery,
  by: OneOf(['line', 'shift', 'product', 'plant'], { default: 'line' }),
  plant_id: Type.Optional(Id),
  line_id: Type.Optional(Id),
})
