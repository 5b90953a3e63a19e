import { Type } from 'typebox'
import { eventKind, eventOf, type NewEvent } from '#platform/events/event-kind.ts'
import { Id, Shape, Timestamp } from '#platform/http/shapes.ts'
import type { Alarm } from './alarm.ts'

const kindOf = { topic: 'plant-ops.anomalies', permission: 'anomalies.read' } as const

const anomalyDetected = eventKind({
  ...{ type: 'AnomalyDetected', ...kindOf },
  data: Shape(
    {
      ...{ anomaly_id: Id, sensor_id: Id, plant_id: Id, started_at: Timestamp, value: Type.Number() },
      ...{ score: Type.Number(), causes: Type.Array(Type.String()) },
    },
    {
      description:
        'An alarm began; told once, however many readings and recurrences it gets. Of missing data `causes` is `gap` alone, and `value` the last one',
    },
  ),
})
const anomalyAcknowledged = eventKind({
  ...{ type: 'AnomalyAcknowledged', ...kindOf },
  data: Shape({ anomaly_id: Id, sensor_id: Id, plant_id: Id }),
})

const anomalyShelved = eventKind({
  ...{ type: 'AnomalyShelved', ...kindOf },
  data: Shape(
    { anomaly_id: Id, sensor_id: Id, plant_id: Id, shelved_until: Timestamp },
    { description: 'The alarms of this sensor are told to nobody until then' },
  ),
})
const anomalyUnshelved = eventKind({
  ...{ type: 'AnomalyUnshelved', ...kindOf },
  data: Shape(
    {
      ...{ anomaly_id: Id, sensor_id: Id, plant_id: Id },
      expired: Type.Boolean({ description: 'By itself; false: by somebody' }),
    },
    { description: 'They are told again; what began meanwhile and goes on follows as AnomalyDetected' },
  ),
})

export const anomalyEvents = [anomalyDetected, anomalyAcknowledged, anomalyShelved, anomalyUnshelved]

type Of = { id: string; sensor_id: string; plant_id: string }
const of = ({ id, plant_id }: Of) => ({ subject: `plant-ops/anomalies/${id}`, plant_id })
const ids = ({ id, sensor_id, plant_id }: Of) => ({ anomaly_id: id, sensor_id, plant_id })

export const tellAnomaly = (alarm: Of & Alarm): NewEvent =>
  eventOf(anomalyDetected, of(alarm), {
    ...ids(alarm),
    started_at: new Date(alarm.started_ms).toISOString(),
    ...{ value: alarm.peak_value, score: alarm.peak_score, causes: alarm.causes.map(({ kind }) => kind) },
  })
export const tellShelved = (alarm: Of, shelved_until: string): NewEvent =>
  eventOf(anomalyShelved, of(alarm), { ...ids(alarm), shelved_until })
export const tellUnshelved = (alarm: Of, expired: boolean): NewEvent =>
  eventOf(anomalyUnshelved, of(alarm), { ...ids(alarm), expired })
export const tellAcknowledged = (alarm: Of): NewEvent => eventOf(anomalyAcknowledged, of(alarm), ids(alarm))
