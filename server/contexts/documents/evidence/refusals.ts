import { refusals } from '#platform/refusal.ts'

export const evidenceRefusals = refusals({
  'evidence.invalid': ['invalid', 'This is not a usable order for an evidence pack.'],
  'evidence.not_found': ['not_found', 'There is no such evidence pack.'],
  'evidence.subject_not_found': ['not_found', 'What the pack is to be about is not there.'],
  'evidence.too_many_documents': [
    'too_large',
    'A pack holds at most 10,000 files: choose fewer documents or a shorter period.',
  ],
  'evidence.too_large': [
    'too_large',
    'A pack holds at most 2 GiB of files: choose fewer documents or a shorter period.',
  ],
  'evidence.too_much_history': [
    'too_large',
    'A pack holds at most 200,000 events, 200,000 entries of the trail and 1,000,000 links between them: choose a shorter period.',
  ],
  'evidence.not_ready': ['conflict', 'This pack is not ready.'],
  'evidence.quarantined': [
    'conflict',
    'The scanner found something in this archive, or looks at it: it is not served.',
  ],
  'evidence.content_damaged': [
    'conflict',
    'A file in the store is not what was once put there: it does not go into a pack.',
  ],
  'evidence.trail_behind': ['unavailable', 'The trail has not been chained up to here: it is tried again soon.'],
})
