import type { Subscriber } from '#platform/events/subscriber.ts'
import { fieldsSubscribers } from './fields/reactions.ts'
import { templatesSubscribers } from './templates/reactions.ts'

/** What this context does about what was told. */
export const documentSubscribers: readonly Subscriber[] = [...fieldsSubscribers, ...templatesSubscribers]
