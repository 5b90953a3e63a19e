import { refusals } from '#platform/refusal.ts'

export const lineRefusals = refusals({
  'lines.not_found': ['not_found', 'There is no such line.'],
  'lines.plant_not_found': ['not_found', 'There is no such plant.'],
  'lines.code_taken': ['conflict', 'Another line of this plant has this code.'],
  'lines.busy': ['conflict', 'A batch is running on this line.'],
  'lines.reason_unknown': ['invalid', 'There is no such reason.'],
  'lines.reason_of_other_state': ['invalid', 'This reason is not one of that state.'],
  'lines.reason_taken': ['conflict', 'There is a reason with this code already.'],
  'lines.reason_not_found': ['not_found', 'There is no such reason of your own.'],
  'plant_ops.in_future': ['invalid', 'That time is in the future.'],
  'plant_ops.too_far_back': ['invalid', 'That time is too long ago to be recorded or corrected.'],
  'plant_ops.period_not_usable': [
    'invalid',
    'The period must begin before it ends, after 1969, and not be longer than 400 days.',
  ],
})
