import type { EventKind } from '#platform/events/event-kind.ts'

export const fieldsEvents: readonly EventKind[] = []
