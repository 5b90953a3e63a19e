import { refusals } from '#platform/refusal.ts'

export const shiftRefusals = refusals({
  'shifts.not_found': ['not_found', 'There is no such shift pattern.'],
  'shifts.invalid_pattern': ['invalid', 'Some fields of the shift pattern are not valid.'],
  'shifts.overlap': ['conflict', 'It overlaps a shift of this line.'],
  'shifts.none': ['invalid', 'No shift follows from this pattern.'],
  'shifts.over': ['conflict', 'No shift of this pattern begins on that day or later.'],
  'planned_downtimes.not_found': ['not_found', 'There is no such planned downtime.'],
  'planned_downtimes.overlap': ['conflict', 'It overlaps a planned downtime of this line.'],
  'planned_downtimes.begun': ['conflict', 'It has begun: its beginning stays, and it ends now at the earliest.'],
  'planned_downtimes.over': ['conflict', 'It is over: what was planned for the past stays.'],
})
