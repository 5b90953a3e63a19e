import { refusals } from '#platform/refusal.ts'

export const anomalyRefusals = refusals({
  'anomalies.not_found': ['not_found', 'There is no such anomaly.'],
  'anomalies.shelf_without_end': ['invalid', 'Send until or duration_s, one of them.'],
  'anomalies.shelf_too_long': ['invalid', 'An alarm is shelved for a minute at least and 30 days at most.'],
})
