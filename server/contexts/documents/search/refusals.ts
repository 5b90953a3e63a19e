import { refusals } from '#platform/refusal.ts'

export const searchRefusals = refusals({
  'documents.no_embedder': [
    'invalid',
    'No model for meanings is set up (EMBEDDING_BASE_URL): search by keyword, or hybrid, which is by keyword then.',
  ],
  'documents.embedder_down': ['unavailable', 'The search for meanings does not answer: search by keyword, or hybrid.'],
})
