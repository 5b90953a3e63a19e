import { refusals } from '#platform/refusal.ts'

export const brokerRefusals = refusals({
  'brokers.not_found': ['not_found', 'There is no such broker.'],
  'brokers.plant_not_found': ['not_found', 'There is no such plant.'],
  'brokers.invalid': ['invalid', 'Some fields are not valid.'],
  'brokers.too_many': ['conflict', 'A company has 100 brokers at most.'],
})
