import { refusals } from '#platform/refusal.ts'

export const workflowRefusals = refusals({
  'obligations.not_found': ['not_found', 'There is no such obligation.'],
  'obligations.plant_not_found': ['not_found', 'There is no such plant.'],
})
