/** Where the reading of a content stands: see file_texts. */
export const TEXT_STATES = [
  'waiting',
  'reading',
  'read',
  'unreadable',
  'encrypted',
  'unsupported',
  'too_large',
] as const
export type TextState = (typeof TEXT_STATES)[number]

/** Which readers these are. Raise it where they read better: what is asked to be read again then is. */
export const EDITION = 'readers 1'

/** Sentences one after the other, each once. */
export const withNote = (detail: string | null, note: string | null): string | null => {
  if (note === null || detail?.includes(note) === true) return detail
  return detail === null ? note : `${detail} ${note}`
}
