import { ownCopy } from './row-parser.ts'
import { LONGEST_LINE, type LineTaker } from './text-lines.ts'

/** What a line is told that ends inside a quoted text: the text may go on in the next. */
export const OPEN_TEXT = 'A quoted text does not end.'

type Parts = {
  /** Takes a whole line: null where it could be, else what is wrong; `OPEN_TEXT` where its last text does not end. */
  take: (text: string, from: number, to: number, number: number) => string | null
  refuse: (number: number, why: string) => void
}
type Held = { lines: { text: string; number: number }[]; length: number }

const [QUOTE, BACKSLASH, EQUALS] = [34, 92, 61]

/** Whether a text that was open before this line is open, or another one is, at its end. */
function staysOpen(line: string): boolean {
  let open = true
  for (let at = 0; at < line.length; at += 1) {
    const code = line.charCodeAt(at)
    if (code === BACKSLASH) at += 1
    else if (open) open = code !== QUOTE
    else if (code === EQUALS && line.charCodeAt(at + 1) === QUOTE) {
      open = true
      at += 1
    }
  }
  return open
}

/**
 * Puts lines together that one quoted text spans: agents send line breaks in texts as they are. Where the text does not end within
 * `LONGEST_LINE` characters, or what follows it is no line, only the line that opened it is refused, and the others are read as they
 * stand. Each is looked at a fixed number of times, whatever is sent.
 */
export function joinLines({ take, refuse }: Parts): { line: LineTaker['line']; flush: () => void } {
  let held: Held | null = null
  const takeAlone = (text: string, number: number): void => {
    const wrong = take(text, 0, text.length, number)
    if (wrong !== null) refuse(number, wrong)
  }
  /** The lines that were held are none together; `last` may open a text of its own. */
  const giveUp = (last: boolean): void => {
    const [first, ...others] = held?.lines ?? []
    held = null
    if (first !== undefined) refuse(first.number, OPEN_TEXT)
    const again = last ? others.pop() : undefined
    for (const { text, number } of others) takeAlone(text, number)
    if (again !== undefined) line(again.text, 0, again.text.length, again.number)
  }
  const line: LineTaker['line'] = (text, from, to, number) => {
    if (held === null) {
      const wrong = take(text, from, to, number)
      if (wrong === OPEN_TEXT) held = { lines: [{ text: ownCopy(text.slice(from, to)), number }], length: to - from }
      else if (wrong !== null) refuse(number, wrong)
      return
    }
    const next = ownCopy(text.slice(from, to))
    held.lines.push({ text: next, number })
    held.length += next.length + 1
    if (held.length > LONGEST_LINE) giveUp(true)
    else if (!staysOpen(next)) {
      const whole = held.lines.map((one) => one.text).join('\n')
      if (take(whole, 0, whole.length, held.lines[0]!.number) === null) held = null
      else giveUp(true)
    }
  }
  return { line, flush: () => giveUp(false) }
}
