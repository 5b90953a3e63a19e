import { refusals } from '../refusal.ts'

export const blobRefusals = refusals({
  'blobs.missing': ['not_found', 'The content of this file is not there.'],
  'blobs.too_large': ['too_large', 'The file is larger than is accepted.'],
  'blobs.unavailable': ['unavailable', 'Files cannot be stored or read at the moment: try again soon.'],
})

/** The store cannot be used now; `cause` is for the log. */
export const unavailable = (cause: unknown) => blobRefusals.refuse('blobs.unavailable', { retryAfterS: 30, cause })

/** The disk is full or lets nobody write, is broken, or has no more open files to give: somebody can mend that, and it is no bug. */
const CODES = new Set(
  'ENOSPC EDQUOT EFBIG EROFS EACCES EPERM EIO EMFILE ENFILE ENOTDIR ENODEV ESTALE ETIMEDOUT'.split(' '),
)

/** What the file system answers, in our words; anything else stays what it is. */
export const fromFileSystem = (error: unknown): unknown =>
  error instanceof Error && CODES.has(String((error as NodeJS.ErrnoException).code)) ? unavailable(error) : error
