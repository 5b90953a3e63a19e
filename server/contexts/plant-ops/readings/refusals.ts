import { refusals } from '#platform/refusal.ts'

export const readingRefusals = refusals({
  'plant_ops.invalid': ['invalid', 'Some fields are not valid.'],
  'plant_ops.time_out_of_range': ['invalid', 'The time is before 1970 or more than an hour ahead.'],
  'plant_ops.conflict': ['conflict', 'The sensor has another value or quality at this time.'],
  'plant_ops.raw_gone': ['conflict', 'Readings of this time are kept by the hour alone, and change no more.'],
  'plant_ops.period_not_usable': ['invalid', 'The period is too long for what is asked of it.'],
})
