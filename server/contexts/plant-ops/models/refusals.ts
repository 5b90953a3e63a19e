import { refusals } from '#platform/refusal.ts'

export const modelRefusals = refusals({
  'sensor_models.not_found': ['not_found', 'There is no such model of this sensor.'],
  'sensor_models.no_champion': ['not_found', 'This sensor has no model in use.'],
  'sensor_models.training': ['conflict', 'A model of this sensor is being trained: wait until that is decided.'],
  'sensor_models.never_champion': ['conflict', 'Only a model that was in use before can be used again.'],
  'sensor_models.other_unit': ['conflict', 'The sensor has another unit now: train a new model.'],
  'sensor_models.period': ['invalid', 'The period to learn from must begin before it ends, and before now.'],
  'sensor_models.too_little': ['invalid', 'There are too few good readings in this period to learn from.'],
  'sensor_models.too_much': ['invalid', 'There are too many readings in this period: choose a shorter one.'],
})
