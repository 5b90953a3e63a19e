import { type Static, Type } from 'typebox'
import {
  Id,
  Line as TextLine,
  NAMED,
  Nullable,
  OneOf,
  Paragraphs,
  Shape,
  Stamps,
  Timestamp,
} from '#platform/http/shapes.ts'

import { LINE_STATUSES, type LineStatus as LineStatuses } from './line-status.ts'

export const LineStatus = Type.Unsafe<LineStatuses>(
  OneOf([...LINE_STATUSES], { description: 'docs/plant-operations.md maps each to the time model of ISO 22400' }),
)

/** Seconds per unit, at most a week. */
export const CycleTime = Type.Number({
  exclusiveMinimum: 0,
  maximum: 604_800,
  description: 'Seconds that one unit takes at best (planned run time per unit of ISO 22400)',
  examples: [0.5],
})

const required = {
  name: TextLine(200, { ...NAMED, examples: ['Pasta corta 1'] }),
  code: TextLine(50, { ...NAMED, description: 'Unique among the live lines of a plant', examples: ['L1'] }),
}
const optional = {
  description: Nullable(Paragraphs(2_000)),
  ideal_cycle_time_s: Nullable(CycleTime),
}

const PLANT = '01890000-0000-7000-8000-000000000000'
export const NewLine = Type.Object(
  { plant_id: Id, ...required, ...Type.Partial(Type.Object(optional)).properties },
  {
    additionalProperties: false,
    title: 'NewLine',
    examples: [{ plant_id: PLANT, name: 'Pasta corta 1', code: 'L1', ideal_cycle_time_s: 0.5 }],
  },
)
export const LineChange = Type.Partial(Type.Object({ ...required, ...optional }), {
  additionalProperties: false,
  title: 'LineChange',
  examples: [{ ideal_cycle_time_s: 0.45 }],
})

export const ProductionLine = Type.Object(
  {
    id: Id,
    plant_id: Id,
    ...required,
    ...optional,
    status: LineStatus,
    status_since: Timestamp,
    reason_code: Nullable(Type.String({ description: 'Why it is in this state, of the taxonomy' })),
    status_note: Nullable(Type.String()),
    ...Stamps,
  },
  { title: 'ProductionLine' },
)
export type ProductionLine = Static<typeof ProductionLine>

export const StatusChange = Type.Object(
  {
    status: LineStatus,
    reason_code: Type.Optional(
      Nullable(TextLine(50, { description: 'A code or number of GET /plant-ops/stop-reasons' })),
    ),
    note: Type.Optional(Nullable(Paragraphs(1_000))),
    at: Type.Optional({
      ...Timestamp,
      description:
        'Since when; by default now. In the past it corrects the history up to the next change that is recorded',
    }),
  },
  {
    additionalProperties: false,
    title: 'LineStatusChange',
    examples: [{ status: 'down', reason_code: 'equipment_failure', note: 'Inverter of the press' }],
  },
)

export const LineState = Type.Object(
  {
    id: Id,
    status: LineStatus,
    reason_code: Nullable(Type.String()),
    note: Nullable(Type.String()),
    source: OneOf(['person', 'batch'], { description: 'Who said so: a person, or the start or end of a batch' }),
    starts_at: Timestamp,
    ends_at: Nullable(Timestamp),
    recorded_at: Timestamp,
    recorded_by: Nullable(Id),
    superseded_at: Nullable(Timestamp),
    superseded_by: Nullable(Id),
  },
  { title: 'LineState' },
)

const ReasonName = (language: string) => TextLine(100, { ...NAMED, description: language })
const reasonFields = {
  name_it: ReasonName('Italian'),
  name_en: ReasonName('English'),
  statuses: Type.Array(LineStatus, {
    minItems: 1,
    uniqueItems: true,
    description: 'Which states it can be the reason of',
  }),
}
export const StopReasonView = Type.Object(
  {
    id: Nullable(Id),
    code: Type.String(),
    number: Nullable(Type.Integer({ description: 'In the public list; null for one of your own' })),
    ...reasonFields,
    failure: Type.Boolean({ description: 'A failure of the line, counted in MTBF and MTTR' }),
    own: Type.Boolean(),
  },
  { title: 'StopReason' },
)
export const NewReason = Shape(
  {
    code: Type.String({ pattern: '^[a-z][a-z0-9_]{0,49}$', examples: ['die_worn'] }),
    ...reasonFields,
    failure: Type.Optional(Type.Boolean()),
  },
  { title: 'NewStopReason' },
)
