import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** Where a clamd listens. */
export type ClamdAddress = { readonly host: string; readonly port: number } | { readonly path: string }

/** What stands after `ERROR`, in our words; those of FINAL do not get better by asking again. */
export type ScanTrouble =
  /** Nobody takes the connection. */
  | 'unreachable'
  /** No byte either way for too long, or not done in the whole time that one scan has. */
  | 'time_limit'
  /** The connection ended before the answer: it was stopped, or it died. */
  | 'broke_off'
  | 'not_understood'
  /** It answered with an error of its own, which `said` has. */
  | 'scanner_error'
  /** More than its StreamMaxLength. */
  | 'too_large'
  /** It looked at a part only: one of its limits for archives, size or time was reached (AlertExceedsMax). */
  | 'limits_exceeded'

/** What one scan found; `said` is what the scanner answered, printable and short. */
export type Finding =
  | { readonly found: 'clean' }
  | { readonly found: 'infected'; readonly signature: string }
  | { readonly found: 'nothing'; readonly why: ScanTrouble; readonly said: string }

export type ScannerVersion = {
  readonly engine: string
  /** Of the official signatures; null where only local ones are loaded. */
  readonly signatures: { readonly number: number; readonly at: Date } | null
}

export type Scanner = {
  /**
   * Streams it to the scanner in constant memory. Rejects where the source fails or the signal aborts; whatever the scanner does is a finding.
   * The source is read to its end or destroyed.
   */
  readonly scan: (source: Readable, signal?: AbortSignal) => Promise<Finding>
  /** Rejects where it does not answer. */
  readonly ping: () => Promise<void>
  readonly version: () => Promise<ScannerVersion>
}

/** `idleMs` is longer than the MaxScanTime of a clamd (120 s), as that long it says nothing. */
export const CLAMD_TIMES = { connectMs: 5_000, idleMs: 150_000, wholeMs: 270_000 }
const QUESTION_TIMES = { connectMs: 1_500, idleMs: 1_500, wholeMs: 3_000 }
type Times = typeof CLAMD_TIMES

const PORT = 3310
/** A name of a signature is far below; what is longer is no clamd. */
const LONGEST_ANSWER = 4_096
const SHOWN = 200

/** `tcp://host:port` (3310 where none is said, IPv6 in brackets) or `unix:///path`; null for what is neither. */
export function clamdAddress(url: string): ClamdAddress | null {
  const parsed = URL.parse(url)
  if (parsed?.protocol === 'unix:') {
    const path = decodeURIComponent(parsed.pathname)
    return parsed.host === '' && path.length > 1 ? { path } : null
  }
  if (parsed?.protocol !== 'tcp:' || parsed.hostname === '' || !/^\/?$/.test(parsed.pathname)) return null
  return { host: parsed.hostname.replaceAll(/^\[|\]$/g, ''), port: Number(parsed.port || PORT) }
}

const printable = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, SHOWN)

type Heard = { said: string } | { why: ScanTrouble }
type Talk = { address: ClamdAddress; times: Times; signal: AbortSignal | undefined }

/** Sends what `frames` makes of the source, and hears one answer, which may come before all is sent. */
async function converse(
  { address, times, signal }: Talk,
  source: Readable,
  frames: (chunks: AsyncIterable<Buffer>) => AsyncIterable<Buffer>,
): Promise<Heard> {
  const over = AbortSignal.timeout(times.wholeMs)
  const stop = AbortSignal.any([over, ...(signal ? [signal] : [])])
  const answered = new AbortController()
  const socket = connect(address)
  let why: ScanTrouble | undefined
  let said = ''
  let broken: unknown
  const giveUp = (reason: ScanTrouble): void => {
    why ??= reason
    socket.destroy()
  }
  const connecting = setTimeout(() => giveUp('unreachable'), times.connectMs)
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.setTimeout(times.idleMs, () => giveUp('time_limit'))
  let reached = false
  socket.once('connect', () => {
    reached = true
    clearTimeout(connecting)
  })
  socket.on('error', () => (why ??= reached ? 'broke_off' : 'unreachable'))
  socket.on('data', (data) => {
    said += data.toString('latin1')
    if (said.length > LONGEST_ANSWER) giveUp('not_understood')
    if (said.includes('\0')) answered.abort()
  })
  // Whatever ends the conversation destroys the source too, which is no failure of the source.
  source.once('error', (error) => {
    if (!socket.destroyed && why === undefined && !stop.aborted && !answered.signal.aborted) broken = error
  })
  const leave = (): void => void socket.destroy()
  stop.addEventListener('abort', leave)
  answered.signal.addEventListener('abort', leave)
  // A source that hangs ends when it wants: what counts is that the socket closes, whatever becomes of this.
  void pipeline(source, frames, socket, { signal: AbortSignal.any([stop, answered.signal]), end: false }).catch(leave)
  await closed
  clearTimeout(connecting)
  stop.removeEventListener('abort', leave)
  if (said.includes('\0')) return { said: said.slice(0, said.indexOf('\0')) }
  signal?.throwIfAborted()
  if (broken !== undefined) throw broken
  return { why: over.aborted ? 'time_limit' : (why ?? 'broke_off') }
}

/** How much was announced to the scanner, and whether that was all. */
type Sent = { bytes: number; all: boolean }

const lengthOf = (bytes: number): Buffer => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(Math.min(bytes, 0xffff_ffff))
  return length
}
const INSTREAM = Buffer.from('zINSTREAM\0')

/** Each chunk after its length, and a length of nothing at the end; an empty chunk would be the end. */
async function* instream(chunks: AsyncIterable<Buffer>, sent: Sent): AsyncIterable<Buffer> {
  yield INSTREAM
  for await (const chunk of chunks) {
    if (chunk.length === 0) continue
    sent.bytes += chunk.length
    yield lengthOf(chunk.length)
    yield chunk
  }
  sent.all = true
  yield lengthOf(0)
}

/**
 * A clamd that has had enough says so and closes, and what it said is lost where what was on its way meets the closed door first (one time
 * in five over TCP). The same length announced once more, with nothing after it, is answered for sure; one that it takes is not answered.
 */
async function isTooMuch(address: ClamdAddress, { bytes }: Sent, signal: AbortSignal | undefined): Promise<boolean> {
  const question = Readable.from([INSTREAM, lengthOf(bytes)])
  const heard = await converse({ address, times: QUESTION_TIMES, signal }, question, (chunks) => chunks)
  return 'said' in heard && TOO_MUCH.test(heard.said)
}

const TOO_MUCH = /size limit exceeded/i

/** What an answer to INSTREAM means. */
export function findingOf(said: string): Finding {
  const nothing = (why: ScanTrouble): Finding => ({ found: 'nothing', why, said: printable(said) })
  if (said === 'stream: OK') return { found: 'clean' }
  // A clamd that says more than the name adds «(hash:size)».
  const name = /^stream: (.+?)(?:\([0-9a-f]{32,}:\d+\))? FOUND$/.exec(said)?.[1]
  if (name?.startsWith('Heuristics.Limits.Exceeded')) return nothing('limits_exceeded')
  if (name !== undefined) return { found: 'infected', signature: printable(name) }
  if (TOO_MUCH.test(said)) return nothing('too_large')
  return nothing(said.endsWith('ERROR') ? 'scanner_error' : 'not_understood')
}

/** `ClamAV 1.4.6/27832/Fri Nov 20 08:24:13 2026`, in the scanner's own zone, which is taken for UTC: a day's age is what counts. */
export function versionOf(said: string): ScannerVersion {
  const [engine = '', number, at] = said.split('/')
  const time = new Date(`${at ?? ''} UTC`)
  const known = number !== undefined && /^\d+$/.test(number) && !Number.isNaN(time.getTime())
  return { engine: printable(engine), signatures: known ? { number: Number(number), at: time } : null }
}

/** A clamd, over TCP or a unix socket; every call is a connection of its own. */
export function clamd(address: ClamdAddress, times: Times = CLAMD_TIMES): Scanner {
  const ask = async (word: string): Promise<string> => {
    const command = Buffer.from(`z${word}\0`)
    const talk = { address, times: QUESTION_TIMES, signal: undefined }
    const heard = await converse(talk, Readable.from([command]), (chunks) => chunks)
    if ('said' in heard) return heard.said
    throw new Error(`The scanner does not answer ${word}: ${heard.why}`)
  }
  return {
    scan: async (source, signal) => {
      const sent: Sent = { bytes: 0, all: false }
      const heard = await converse({ address, times, signal }, source, (chunks) => instream(chunks, sent))
      if ('said' in heard) {
        const finding = findingOf(heard.said)
        // It cannot know what it was not sent.
        const early = finding.found === 'clean' && !sent.all
        return early ? { found: 'nothing', why: 'not_understood', said: printable(heard.said) } : finding
      }
      const tooMuch = heard.why === 'broke_off' && (await isTooMuch(address, sent, signal))
      return { found: 'nothing', why: tooMuch ? 'too_large' : heard.why, said: '' }
    },
    ping: async () => {
      const said = await ask('PING')
      if (said !== 'PONG') throw new Error(`The scanner answers «${printable(said)}»`)
    },
    version: async () => versionOf(await ask('VERSION')),
  }
}
