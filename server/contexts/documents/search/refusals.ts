import { refusals } from '#platform/refusal.ts'

export const searchRefusals = refusals({})
