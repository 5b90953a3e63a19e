import { Type } from 'typebox'
import { eventKind, eventOf, type NewEvent } from '#platform/events/event-kind.ts'
import { Id, OneOf, Shape } from '#platform/http/shapes.ts'
import { ModelReason } from './schemas.ts'

const kindOf = { topic: 'plant-ops.sensors', permission: 'sensors.read' } as const
const ids = { model_id: Id, sensor_id: Id, plant_id: Id, version: Type.Integer() }

const modelRequested = eventKind({ type: 'SensorModelRequested', ...kindOf, data: Shape(ids) })
const modelDecided = eventKind({
  ...{ type: 'SensorModelDecided', ...kindOf },
  data: Shape(
    { ...ids, status: OneOf(['champion', 'rejected']), reason: ModelReason },
    { description: 'A model was trained and tried; as champion it takes the place of the one before' },
  ),
})
const modelActivated = eventKind({ type: 'SensorModelActivated', ...kindOf, data: Shape(ids) })
const modelRetired = eventKind({
  ...{ type: 'SensorModelRetired', ...kindOf },
  data: Shape({ ...ids, reason: ModelReason }, { description: 'The sensor is judged by its detector alone again' }),
})

export const modelEvents = [modelRequested, modelDecided, modelActivated, modelRetired]

type Of = { id: string; sensor_id: string; plant_id: string; version: number }
const of = ({ sensor_id, id, plant_id }: Of) => ({ subject: `plant-ops/sensors/${sensor_id}/models/${id}`, plant_id })
const facts = ({ id, sensor_id, plant_id, version }: Of) => ({ model_id: id, sensor_id, plant_id, version })

export const tellModelRequested = (model: Of): NewEvent => eventOf(modelRequested, of(model), facts(model))
export const tellModelDecided = (model: Of, status: 'champion' | 'rejected', reason: ModelReason): NewEvent =>
  eventOf(modelDecided, of(model), { ...facts(model), status, reason })
export const tellModelActivated = (model: Of): NewEvent => eventOf(modelActivated, of(model), facts(model))
export const tellModelRetired = (model: Of, reason: ModelReason): NewEvent =>
  eventOf(modelRetired, of(model), { ...facts(model), reason })
