import { refusals } from '#platform/refusal.ts'

export const libraryRefusals = refusals({})
