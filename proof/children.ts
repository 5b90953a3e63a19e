import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Say } from './proof.ts'

/** A process of a proof: it says `ready` when it is, and ends when it is told `stop`. */
export type Child = {
  readonly ready: Promise<void>
  /** kill -9; resolves when it is gone. */
  readonly kill: () => Promise<void>
  readonly stop: () => Promise<void>
}

const FROM_OUTSIDE = ['PATH', 'HOME', 'TMPDIR', 'SystemRoot', 'NODE_COMPILE_CACHE']

/** Starts a file of this folder; `whenGone` is called when it has ended, however that was. It sees nothing of the settings outside; what it writes is shown, what it says is not. */
export function startChild(file: string, environment: Record<string, string>, say: Say, whenGone?: () => void): Child {
  const outside = FROM_OUTSIDE.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []))
  const child = fork(join(import.meta.dirname, file), {
    env: { ...Object.fromEntries(outside), ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on('data', (chunk: Buffer) => say(chunk.toString().trimEnd()))
  }
  const exit = once(child, 'exit')
  void exit.then(() => whenGone?.())
  const ready = Promise.race([
    once(child, 'message').then(() => undefined),
    exit.then(([code, signal]) => {
      throw new Error(`${file} ended (${code ?? signal}) before it was ready`)
    }),
  ])
  // It may be killed before anybody waits for it.
  ready.catch(() => undefined)
  return { ready, kill: () => ended(child, exit, 'SIGKILL'), stop: () => ended(child, exit, 'stop') }
}

async function ended(child: ChildProcess, exit: Promise<unknown>, how: 'SIGKILL' | 'stop'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  if (how === 'SIGKILL') child.kill('SIGKILL')
  else child.send('stop', () => undefined)
  await exit
}

/** In the child: resolves when it is told to stop, or when whoever started it is gone. */
export const told = (): Promise<void> =>
  new Promise((resolve) => {
    process.once('message', () => resolve())
    process.once('disconnect', () => process.exit(1))
  })

/** In the child: what `ready` of its Child waits for. */
export const sayReady = (): void => void process.send?.('ready')
