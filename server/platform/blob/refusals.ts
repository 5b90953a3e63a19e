import { refusals } from '../refusal.ts'

export const blobRefusals = refusals({
  'blobs.missing': ['not_found', 'The content of this file is not there.'],
  'blobs.unavailable': ['unavailable', 'Files cannot be stored or read at the moment: try again soon.'],
})
