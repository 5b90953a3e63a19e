import { refusals } from '#platform/refusal.ts'

export const scanRefusals = refusals({
  'scans.no_scanner': ['conflict', 'No scanner is set up.'],
  'scans.unavailable': ['unavailable', 'The scanner could not look at the file: it is tried again.'],
  'scans.damaged': ['conflict', 'The quarantined bytes are not those that were put there.'],
})
