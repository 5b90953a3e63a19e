import { refusals } from '#platform/refusal.ts'

export const templatesRefusals = refusals({})
