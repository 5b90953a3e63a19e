import { refusals } from '#platform/refusal.ts'

export const scanRefusals = refusals({})
