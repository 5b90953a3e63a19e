import { type Static, Type } from 'typebox'
import { Id, Nullable, OneOf, Shape, Timestamp, Paragraphs } from '#platform/http/shapes.ts'

export const AnomalyStatus = OneOf(['active', 'acknowledged', 'cleared'], {
  description:
    'active: going on, and nobody has looked; acknowledged: going on, and somebody has; cleared: nothing anomalous came for an hour, or of missing data a reading came, acknowledged or not',
})

const AnomalyCause = Type.Object({
  kind: OneOf(['limit', 'rate', 'spike', 'level', 'season', 'week', 'drift', 'flat', 'gap', 'model']),
  observed: Type.Number({ description: 'The value, or where `averaged` the mean of the last ones' }),
  averaged: Type.Boolean(),
  low: Nullable(Type.Number({ description: 'What was expected at least, in the unit of the sensor' })),
  high: Nullable(
    Type.Number({ description: 'At most; of rate per second, of flat and gap the usual length in milliseconds' }),
  ),
  times: Nullable(Type.Number({ description: 'How many times the usual distance it was off' })),
  lasted_ms: Nullable(Type.Number({ description: 'Of flat and gap: how long; null while it goes on' })),
})

export const Anomaly = Type.Object(
  {
    ...{ id: Id, sensor_id: Id, sensor_name: Type.String(), unit: Type.String(), plant_id: Id, status: AnomalyStatus },
    started_at: {
      ...Timestamp,
      description: 'Time of the first anomalous reading; of missing data of the last good one before',
    },
    last_at: {
      ...Timestamp,
      description: 'Time of the last one so far; of missing data when it was told, then when a reading came',
    },
    duration_s: Type.Number({ description: 'Between the two' }),
    readings: Type.Integer({ description: 'Anomalous readings; of missing data none' }),
    occurrences: Type.Integer({ description: 'How often it came, with pauses between' }),
    peak_score: Type.Number({ minimum: 0, maximum: 1 }),
    ...{ peak_at: Timestamp, peak_value: Type.Number() },
    causes: Type.Array(AnomalyCause, { description: 'The strongest first' }),
    explanation_it: Type.String({
      examples: ['42,1 °C, atteso da 30,2 °C a 33,8 °C a quest’ora; 6 volte lo scarto usuale'],
    }),
    explanation_en: Type.String({
      examples: ['42.1 °C, expected 30.2 °C to 33.8 °C for this hour; 6 times the usual spread'],
    }),
    silent_since: Nullable({
      ...Timestamp,
      description: 'Of missing data that the clock told: the time of the last good reading before; null of all others',
    }),
    shelved_until: Nullable({
      ...Timestamp,
      description: 'Nobody is told of this sensor until then; null: not shelved',
    }),
    ...{ shelved_at: Nullable(Timestamp), shelved_by: Nullable(Id), shelve_reason: Nullable(Type.String()) },
    ...{ acknowledged_at: Nullable(Timestamp), acknowledged_by: Nullable(Id), note: Nullable(Type.String()) },
    revision: Type.Integer({ description: 'Rises with every change, also when it clears; the ETag' }),
    ...{ created_at: Timestamp, updated_at: Timestamp },
  },
  { title: 'Anomaly' },
)
export type Anomaly = Static<typeof Anomaly>

export const Acknowledgement = Shape({
  note: Type.Optional(
    Paragraphs(1000, { minLength: 1, description: 'What was seen or done', examples: ['Valve cleaned'] }),
  ),
})

/** More than spaces, without control characters. */
const SAYS_SOMETHING = '^(?=[\\s\\S]*\\S)[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f]*$'

const Reason = Paragraphs(1000, {
  minLength: 1,
  pattern: SAYS_SOMETHING,
  description: 'Why nobody needs to be told',
  examples: ['The probe is being replaced'],
})
export const Shelving = Shape(
  {
    until: Type.Optional({ ...Timestamp, description: 'From a minute to 30 days from now; this or duration_s' }),
    duration_s: Type.Optional(
      Type.Integer({ minimum: 60, maximum: 2_592_000, description: 'Seconds; this or until', examples: [28_800] }),
    ),
    reason: Reason,
  },
  { title: 'Shelving' },
)
