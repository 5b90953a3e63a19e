import { isAscii, isUtf8 } from 'node:buffer'

/** What reads lines: in place, from `from` to before `to`, without the line break. Lines are numbered from 0. */
export type LineTaker = {
  line: (text: string, from: number, to: number, number: number) => void
  /** A line that cannot be text: not UTF-8, or longer than a line may be. */
  unreadable: (number: number, why: 'not_utf8' | 'too_long') => void
}
export type LineReader = { chunk: (bytes: Buffer) => void; end: () => void }

/** Longer lines are nobody's readings; what is kept of an unfinished one is bounded by it. */
export const LONGEST_LINE = 65_536
const NEWLINE = 10
const RETURN = 13
const BOM = Buffer.from([0xef, 0xbb, 0xbf])

type State = LineTaker & {
  rest: Buffer
  number: number
  /** Inside a line that is too long: what comes is skipped up to its end. */
  skipping: boolean
  /** Whether the byte order mark has been looked for. */
  begun: boolean
}

function takeSingle(state: State, bytes: Buffer): void {
  const whole = bytes.at(-1) === RETURN ? bytes.subarray(0, -1) : bytes
  if (whole.length > LONGEST_LINE) state.unreadable(state.number, 'too_long')
  else if (!isUtf8(whole)) state.unreadable(state.number, 'not_utf8')
  else {
    const text = whole.toString('utf8')
    state.line(text, 0, text.length, state.number)
  }
  state.number += 1
}

/** Whole lines, each with its break. */
function takeSeveral(state: State, bytes: Buffer): void {
  const ascii = isAscii(bytes)
  if (!ascii && !isUtf8(bytes)) {
    for (let at = 0; at < bytes.length;) {
      const end = bytes.indexOf(NEWLINE, at)
      takeSingle(state, bytes.subarray(at, end))
      at = end + 1
    }
    return
  }
  const text = bytes.toString(ascii ? 'latin1' : 'utf8')
  for (let at = 0; at < text.length;) {
    const end = text.indexOf('\n', at)
    const to = end > at && text.charCodeAt(end - 1) === RETURN ? end - 1 : end
    // In bytes, as it counts where the line is cut by chunks.
    const long = to - at > LONGEST_LINE / 3 && Buffer.byteLength(text.slice(at, to)) > LONGEST_LINE
    if (long) state.unreadable(state.number, 'too_long')
    else state.line(text, at, to, state.number)
    state.number += 1
    at = end + 1
  }
}

function take(state: State, bytes: Buffer): void {
  const from = state.skipping ? bytes.indexOf(NEWLINE) + 1 : 0
  if (state.skipping && from === 0) return
  state.skipping = false
  const end = bytes.lastIndexOf(NEWLINE) + 1
  if (end > from) takeSeveral(state, bytes.subarray(from, end))
  state.rest = bytes.subarray(Math.max(end, from))
  // One byte more, for the CR of a line that just fits.
  if (state.rest.length <= LONGEST_LINE + 1) return
  state.unreadable(state.number, 'too_long')
  state.number += 1
  state.skipping = true
  state.rest = Buffer.alloc(0)
}

/**
 * Cuts chunks into lines, wherever the chunks were cut. LF or CRLF; a byte order mark before the first line is left out; a
 * last line without a break is a line. A byte that is a line break is one in UTF-8 wherever it stands.
 */
export function readLines(taker: LineTaker): LineReader {
  const state: State = { ...taker, rest: Buffer.alloc(0), number: 0, skipping: false, begun: false }
  return {
    chunk: (bytes) => {
      let whole = state.rest.length > 0 ? Buffer.concat([state.rest, bytes]) : bytes
      if (!state.begun) {
        state.rest = whole
        if (whole.length < BOM.length) return
        if (whole.subarray(0, BOM.length).equals(BOM)) whole = whole.subarray(BOM.length)
        state.begun = true
      }
      state.rest = Buffer.alloc(0)
      take(state, whole)
    },
    end: () => {
      const last = state.rest
      state.rest = Buffer.alloc(0)
      if (last.length === 0 || state.skipping) return
      // What is shorter than a byte order mark has not been looked at yet.
      if (state.begun) takeSingle(state, last)
      else take(state, last.at(-1) === NEWLINE ? last : Buffer.concat([last, Buffer.from('\n')]))
    },
  }
}
