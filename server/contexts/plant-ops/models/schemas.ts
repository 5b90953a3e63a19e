import { type Static, Type } from 'typebox'
import { Id, Nullable, OneOf, Shape, Stamps, Timestamp } from '#platform/http/shapes.ts'

export const ModelStatus = OneOf(['challenger', 'champion', 'retired', 'rejected'], {
  description:
    'challenger: being trained, nothing is decided; champion: it scores the readings that come; retired: it did once; rejected: it never did',
})
const MODEL_REASONS = [
  ...(['better', 'not_better', 'not_calibrated', 'too_little', 'hidden', 'unit_changed'] as const),
  ...(['replaced', 'removed', 'activated', 'not_finished'] as const),
] as const
/** Why a model has its status; `not_finished` is never written: its training ended without a decision. */
export type ModelReason = (typeof MODEL_REASONS)[number]
export const ModelReason = Type.Unsafe<ModelReason>(OneOf([...MODEL_REASONS]))

const Share = Type.Number({ description: '0 to 1' })
const Part = Nullable(
  Type.Object({
    ...{ from: Timestamp, to: Timestamp },
    steps: Type.Integer({ description: 'Forecasts that could be made: nothing was missing that they look back to' }),
  }),
)
const Figure = Nullable(Type.Number({ description: 'In the unit of the sensor' }))

const ModelReport = Type.Object(
  {
    steps: Type.Integer({ description: 'Good readings that were looked at, one per step' }),
    step_ms: Nullable(Type.Number({ description: 'Usual time between them: a minute at least' })),
    season_ms: Nullable(
      Type.Number({ description: 'After how long the sensor repeats itself; null where no such time was found' }),
    ),
    trained: Part,
    held_out: Part,
    mean_absolute_error: Figure,
    limit: Nullable(
      Type.Number({ description: 'As far from its forecast a reading is an anomaly; in the unit of the sensor' }),
    ),
    anomaly_rates: Nullable(
      Type.Object(
        { challenger: Share, champion: Nullable(Share), detector: Share },
        { description: 'Share of the held-out steps that were an anomaly to each' },
      ),
    ),
    opponents: Type.Array(
      Type.Object({
        kind: OneOf(['previous_value', 'five_day_mean', 'hour_profile', 'champion'], {
          description: 'What the detector expects, and the model in use',
        }),
        version: Nullable(Type.Integer({ description: 'Of the champion' })),
        steps: Type.Integer({
          description: 'Held-out steps that both foretell; an opponent counts from half of them on',
        }),
        mean_absolute_error: Type.Number(),
        challenger_error: Type.Number({ description: 'On the same steps' }),
        improvement: Type.Number({
          description: '0.1: the challenger’s error is a tenth smaller, which is what it takes',
        }),
      }),
    ),
  },
  {
    title: 'SensorModelReport',
    description: 'How it did on readings that it had not learned from; errors are of one step ahead',
  },
)

export const SensorModel = Type.Object(
  {
    ...{ id: Id, sensor_id: Id, plant_id: Id },
    version: Type.Integer({ description: 'From 1 on, by sensor' }),
    status: ModelStatus,
    reason: Type.Unsafe<ModelReason | null>(Nullable(ModelReason)),
    explanation_it: Type.String({
      examples: [
        'In uso: sui dati tenuti da parte sbaglia 0,34 °C in media, il 75% in meno rispetto al valore precedente (1,39 °C).',
      ],
    }),
    explanation_en: Type.String({
      examples: [
        'In use: on held-out data it is off by 0.34 °C on average, 75% less than the previous value (1.39 °C).',
      ],
    }),
    unit: Type.String(),
    asked_from: Timestamp,
    asked_to: Timestamp,
    job_id: Id,
    report: Nullable(ModelReport),
    ...Stamps,
  },
  { title: 'SensorModel' },
)
export type SensorModel = Static<typeof SensorModel>

export const Training = Shape({
  from: Type.Optional(
    Type.String({
      format: 'date-time',
      description: 'Learn from here on; 90 days before `to` where nothing is said',
      examples: ['2026-09-01T00:00:00Z'],
    }),
  ),
  to: Type.Optional(
    Type.String({
      format: 'date-time',
      description: 'Not included; now where nothing is said',
      examples: ['2026-11-01T00:00:00Z'],
    }),
  ),
})
export type Training = Static<typeof Training>
