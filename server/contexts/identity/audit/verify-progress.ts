/** How far a verification is: the last link that was seen, and the last entry. */
export type Progress = {
  readonly phase: 'links' | 'entries' | 'erasures' | 'done'
  readonly number: number
  /** In hexadecimal; empty before the first. */
  readonly link: string
  readonly entry: string
  readonly checked: number
  readonly erased: number
  readonly waiting: number
}

const NONE = '00000000-0000-0000-0000-000000000000'

export const START: Progress = { phase: 'links', number: 0, link: '', entry: NONE, checked: 0, erased: 0, waiting: 0 }

const PHASES = ['links', 'entries', 'erasures', 'done'] as const
const FORM =
  /^([0-2]) (\d{1,15}) ([0-9a-f]{64}|) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) (\d{1,15}) (\d{1,15}) (\d{1,15})$/

/** Opaque to clients. One of their own making deceives nobody else. */
export const writeProgress = ({ phase, number, link, entry, checked, erased, waiting }: Progress): string =>
  Buffer.from([PHASES.indexOf(phase), number, link, entry, checked, erased, waiting].join(' ')).toString('base64url')

/** Null for what was never a cursor of ours. */
export function readProgress(cursor: string): Progress | null {
  const match = FORM.exec(Buffer.from(cursor, 'base64url').toString())
  if (match === null) return null
  const [, phase, number, link, entry, checked, erased, waiting] = match as unknown as string[]
  return {
    ...{ phase: PHASES[Number(phase)]!, number: Number(number), link: link!, entry: entry! },
    ...{ checked: Number(checked), erased: Number(erased), waiting: Number(waiting) },
  }
}
