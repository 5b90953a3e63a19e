import type { Readable } from 'node:stream'
import { requestRefusals } from '#platform/http/problem.ts'
import { Refusal } from '#platform/refusal.ts'
import { ingestRefusals } from './refusals.ts'
import type { RowParser } from './row-parser.ts'
import type { Rows } from './rows.ts'

/** Counted unpacked: that is what has to be read. A bomb ends here, whatever its size when packed. */
export const LONGEST_BODY = 67_108_864
/** Smaller pieces are gathered first: a parser pays for each. */
const PIECE = 32_768

/**
 * Reads a body through a parser, a piece at a time; nothing is kept but rows. Whatever is refused as a whole is refused before
 * anything of it was written.
 */
export async function takeRows(body: Readable, declaredLength: string | undefined, parser: RowParser): Promise<Rows> {
  if (Number(declaredLength ?? 0) > LONGEST_BODY) throw ingestRefusals.refuse('plant_ops.body_too_large')
  let length = 0
  let waiting: Buffer[] = []
  let gathered = 0
  const pass = (): void => {
    parser.chunk(waiting.length === 1 ? waiting[0]! : Buffer.concat(waiting))
    waiting = []
    gathered = 0
  }
  try {
    for await (const piece of body as AsyncIterable<Buffer>) {
      length += piece.length
      if (length > LONGEST_BODY) throw ingestRefusals.refuse('plant_ops.body_too_large')
      waiting.push(piece)
      gathered += piece.length
      if (gathered >= PIECE) pass()
    }
  } catch (error) {
    // What is packed badly says its status; a connection that ended in the middle says nothing that we would not know.
    if (error instanceof Refusal || (error as { statusCode?: number }).statusCode !== undefined) throw error
    throw requestRefusals.refuse('request.malformed', { cause: error })
  }
  if (gathered > 0) pass()
  return parser.end()
}
