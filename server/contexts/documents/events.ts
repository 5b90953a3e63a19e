import { libraryEvents } from './library/events.ts'
import { scanEvents } from './scan/events.ts'
import { textEvents } from './text/events.ts'
import { fieldsEvents } from './fields/events.ts'
import { searchEvents } from './search/events.ts'
import { templatesEvents } from './templates/events.ts'
import { evidenceEvents } from './evidence/events.ts'

/** What this context announces. */
export const documentEvents = [
  ...libraryEvents,
  ...scanEvents,
  ...textEvents,
  ...fieldsEvents,
  ...searchEvents,
  ...templatesEvents,
  ...evidenceEvents,
]
