import { libraryRefusals } from './library/refusals.ts'
import { scanRefusals } from './scan/refusals.ts'
import { textRefusals } from './text/refusals.ts'
import { fieldsRefusals } from './fields/refusals.ts'
import { searchRefusals } from './search/refusals.ts'
import { templatesRefusals } from './templates/refusals.ts'
import { evidenceRefusals } from './evidence/refusals.ts'

/** The tables of the folders; `documents.invalid` is what the schemas refuse below /documents. */
export const documentRefusals = {
  table: {
    ...libraryRefusals.table,
    ...scanRefusals.table,
    ...textRefusals.table,
    ...fieldsRefusals.table,
    ...searchRefusals.table,
    ...templatesRefusals.table,
    ...evidenceRefusals.table,
  },
} as const
