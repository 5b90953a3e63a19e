import { refusals } from '../refusal.ts'

export const vectorRefusals = refusals({
  'vectors.too_many': [
    'unavailable',
    'The company has more vectors than VECTOR_MEMORY_MB holds: allow more, ask for fewer dimensions, or use pgvector.',
  ],
  'vectors.unavailable': ['unavailable', 'The search for meaning does not answer.'],
})
