/** Where a page of the trail ended: newest first, by time and id. */
export type Position = { at: string; id: string }

const FORM = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/

/** Opaque to clients: what it is made of may change. */
export const writeCursor = ({ at, id }: Position): string => Buffer.from(`${at} ${id}`).toString('base64url')

/** Null for what was never a cursor of ours. */
export function readCursor(cursor: string): Position | null {
  const match = FORM.exec(Buffer.from(cursor, 'base64url').toString())
  if (match === null || Number.isNaN(Date.parse(match[1]!))) return null
  return { at: match[1]!, id: match[2]! }
}
