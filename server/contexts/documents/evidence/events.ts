import type { EventKind } from '#platform/events/event-kind.ts'

export const evidenceEvents: readonly EventKind[] = []
