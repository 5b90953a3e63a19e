import type { EventKind } from '#platform/events/event-kind.ts'

export const libraryEvents: readonly EventKind[] = []
