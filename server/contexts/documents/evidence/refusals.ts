import { refusals } from '#platform/refusal.ts'

export const evidenceRefusals = refusals({})
