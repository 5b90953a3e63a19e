import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Said, Task } from './extract/content.ts'

/** Of JavaScript objects; what is beyond it ends the process by itself. */
const OLD_SPACE_MB = 512
const WATCH_MS = 250
/** One line: a page with the places of its words. */
const MAX_LINE = 32 * 1024 * 1024

export type Run = {
  readonly task: Task
  /** What the library found the file to be. */
  readonly hint: string
  readonly path: string
  /** Seconds that are left to it; waiting at the gate does not count. */
  readonly seconds: number
  /** MB of everything, the programs that it calls included: pictures and unpacked streams lie outside of the old space. */
  readonly memory: number
  readonly signal: AbortSignal
  /** Whether a kill by the system counts as one by this file: it was tried often enough. */
  readonly last: boolean
}
export type Extractor = {
  /** What the child says; its `end` is there in any case, and a machine that cannot even start it is an error. */
  readonly said: AsyncGenerator<Said>
  /** It may recognise now. */
  readonly go: () => void
  /** Seconds that it worked. */
  readonly used: () => number
  /** Ends it with all that it began; harmless to repeat. */
  readonly close: () => Promise<void>
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>
type Killed = 'memory' | 'time' | 'output'

/** kB that a process and its children hold, where the system tells (Linux); 0 elsewhere, where the old space alone is bounded. */
async function memoryOf(pid: number): Promise<number> {
  const text = (file: string): Promise<string> => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')
  const [status, children] = await Promise.all([text('status'), text(`task/${pid}/children`)])
  const own = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0)
  const pids = children.split(' ').filter((one) => one !== '')
  const others = await Promise.all(pids.map((one) => memoryOf(Number(one))))
  return others.reduce((sum, one) => sum + one, own)
}

const PROGRAM = fileURLToPath(new URL('extract.worker.ts', import.meta.url))

function start({ task, hint, path }: Run): Child {
  const args = [`--max-old-space-size=${OLD_SPACE_MB}`, '--disable-warning=ExperimentalWarning', PROGRAM]
  const child = spawn(process.execPath, [...args, JSON.stringify([task, hint])], {
    cwd: task.folder,
    // Two threads of OCR on two cores are four times slower than one.
    env: { PATH: path, TMPDIR: task.folder, HOME: task.folder, LC_ALL: 'C.UTF-8', TZ: 'UTC', OMP_THREAD_LIMIT: '1' },
    // A group of its own: what it began ends with it.
    detached: process.platform !== 'win32',
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  // A child that has ended takes no more orders.
  child.stdin.on('error', () => undefined)
  return child
}

function killGroup(child: Child): void {
  if (child.pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill('SIGKILL')
    else process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

/** Its lines; what a library prints by the way is none of ours. */
async function* linesOf(stdout: Readable, tooLong: () => void): AsyncGenerator<Said> {
  let rest = ''
  stdout.setEncoding('utf8')
  for await (const chunk of stdout) {
    rest += String(chunk)
    if (rest.length > MAX_LINE) {
      tooLong()
      return
    }
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('{"kind":')) yield JSON.parse(line) as Said
  }
}

const WORDS: Record<Killed, string> = {
  memory: 'Reading it takes more memory than is given (TEXT_MAX_MEMORY_MB).',
  time: 'Reading it takes more time than is given (TEXT_MAX_SECONDS).',
  output: 'A page of it is too large.',
}
const tooLarge = (why: Killed): Said => ({ kind: 'end', state: 'too_large', detail: WORDS[why], pages: 0 })

type Death = { code: number | null; signal: string | null; stderr: string; begun: boolean; killed: Killed | null }

/** What an end without a last word means. */
function endOf({ code, signal, stderr, begun, killed }: Death, last: boolean): Said {
  if (killed !== null) return tooLarge(killed)
  if (/heap out of memory|allocation failed/i.test(stderr)) return tooLarge('memory')
  // The system took it for reasons of its own, most likely memory: another attempt goes on behind the last page.
  if (signal === 'SIGKILL' && last) return tooLarge('memory')
  if (!begun || signal === 'SIGKILL' || signal === 'SIGTERM')
    throw new Error(
      `The reader of documents did not do its work: code ${code}, signal ${signal}: ${stderr.slice(-500)}`,
    )
  return { kind: 'end', state: 'unreadable', detail: 'The reader fails at this file.', pages: 0 }
}

/** Starts a reading in a process of its own. Close it. */
export function runExtractor(run: Run): Extractor {
  const child = start(run)
  const ended = once(child, 'close').then(
    ([code, signal]: (number | string | null)[]) => ({ code, signal }) as Pick<Death, 'code' | 'signal'>,
  )
  // Heard by `said` or by nobody: a program that cannot be started.
  ended.catch(() => undefined)
  let [killed, waiting, used, stderr, begun]: [Killed | null, boolean, number, string, boolean] = [
    ...([null, false, 0, '', false] as const),
  ]
  const kill = (why: Killed): void => {
    killed ??= why
    killGroup(child)
  }
  child.stderr.on('data', (chunk: Buffer) => void (stderr = (stderr + chunk.toString()).slice(-4_000)))
  const watch = setInterval(() => {
    if (!waiting) used += WATCH_MS / 1_000
    if (used > run.seconds) kill('time')
    void memoryOf(child.pid ?? 0).then((kb) => kb > run.memory * 1024 && kill('memory'))
  }, WATCH_MS)
  const abort = (): void => killGroup(child)
  run.signal.addEventListener('abort', abort, { once: true })
  if (run.signal.aborted) abort()
  async function* said(): AsyncGenerator<Said> {
    for await (const one of linesOf(child.stdout, () => kill('output'))) {
      begun = true
      if (one.kind === 'gate') waiting = true
      yield one
      if (one.kind === 'end') return
    }
    const death = await ended
    run.signal.throwIfAborted()
    yield endOf({ ...death, stderr, begun, killed }, run.last)
  }
  return {
    said: said(),
    go: () => {
      waiting = false
      child.stdin.write('go\n')
    },
    used: () => used,
    close: async () => {
      clearInterval(watch)
      run.signal.removeEventListener('abort', abort)
      killGroup(child)
      await ended.catch(() => undefined)
    },
  }
}
