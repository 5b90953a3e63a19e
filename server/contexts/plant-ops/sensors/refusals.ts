import { refusals } from '#platform/refusal.ts'

export const sensorRefusals = refusals({
  'sensors.not_found': ['not_found', 'There is no such sensor.'],
  'sensors.place_not_found': ['not_found', 'There is no such plant or line.'],
  'sensors.no_place': ['invalid', 'A sensor belongs to a plant or to a line: send plant_id or line_id.'],
  'sensors.limits_crossed': ['invalid', 'min must be below max.'],
  'sensors.quantity_kept': [
    'invalid',
    'Performance is made of every reading of a quantity: such a sensor has no retention, and none of its readings was removed.',
  ],
  'sensors.source_taken': ['conflict', 'Another sensor is fed by this source.'],
  'sensors.quantity_taken': ['conflict', 'Another sensor measures this quantity of the plant.'],
})
