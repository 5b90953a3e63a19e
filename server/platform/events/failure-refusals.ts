import { refusals } from '../refusal.ts'

/** What those who look after failed events are refused; the last one is read as a reason. */
export const failureRefusals = refusals({
  'events.failure_not_found': ['not_found', 'There is no such event that was set aside.'],
  'events.subscriber_not_found': ['not_found', 'No subscriber has this name.'],
  'events.time_limit': ['unavailable', 'It took longer than it may.'],
})
