import { Type } from 'typebox'
import { eventKind, eventOf, type NewEvent } from '#platform/events/event-kind.ts'
import { Id, Shape } from '#platform/http/shapes.ts'

const kindOf = { topic: 'plant-ops.sensors', permission: 'sensors.read' } as const
const changed = Type.Array(Type.String(), { description: 'The names of the fields' })

const sensorCreated = eventKind({
  ...{ type: 'SensorCreated', ...kindOf },
  data: Shape({ sensor_id: Id, plant_id: Id, unit: Type.String() }),
})
const sensorUpdated = eventKind({
  ...{ type: 'SensorUpdated', ...kindOf },
  data: Shape({ sensor_id: Id, plant_id: Id, changed }),
})
const sensorDeleted = eventKind({ type: 'SensorDeleted', ...kindOf, data: Shape({ sensor_id: Id, plant_id: Id }) })
const sensorRestored = eventKind({ type: 'SensorRestored', ...kindOf, data: Shape({ sensor_id: Id, plant_id: Id }) })

export const sensorEvents = [sensorCreated, sensorUpdated, sensorDeleted, sensorRestored]

type SensorOf = { id: string; plant_id: string }
const of = ({ id, plant_id }: SensorOf) => ({ subject: `plant-ops/sensors/${id}`, plant_id })
const ids = ({ id, plant_id }: SensorOf) => ({ sensor_id: id, plant_id })

export const tellSensorCreated = (sensor: SensorOf & { unit: string }): NewEvent =>
  eventOf(sensorCreated, of(sensor), { ...ids(sensor), unit: sensor.unit })
export const tellSensorUpdated = (sensor: SensorOf, after: object): NewEvent =>
  eventOf(sensorUpdated, of(sensor), { ...ids(sensor), changed: Object.keys(after) })
export const tellSensorHidden = (sensor: SensorOf, hidden: boolean): NewEvent =>
  eventOf(hidden ? sensorDeleted : sensorRestored, of(sensor), ids(sensor))
