import { refusals } from '#platform/refusal.ts'

export const textRefusals = refusals({})
