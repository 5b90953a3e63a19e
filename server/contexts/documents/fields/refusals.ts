import { refusals } from '#platform/refusal.ts'

export const fieldsRefusals = refusals({})
