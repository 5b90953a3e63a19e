import { Worker } from 'node:worker_threads'
import type { TemplateAnswer, TemplateTask } from './template-task.ts'
import { templatesRefusals } from './refusals.ts'

/** Threads at once: each may take a core and some 400 MB. */
const THREADS = 2
/** Who comes while they are busy waits; who would be behind so many is told to come again. */
const WAITING = 8
const TIME_LIMIT_MS = 20_000
const LIMITS = { maxOldGenerationSizeMb: 320, maxYoungGenerationSizeMb: 48, stackSizeMb: 4 }

let running = 0
const waiting: (() => void)[] = []

async function enter(): Promise<void> {
  if (running < THREADS) running += 1
  else if (waiting.length < WAITING) await new Promise<void>((go) => void waiting.push(go))
  else throw templatesRefusals.refuse('templates.busy', { retryAfterS: 3 })
}
/** A place that is free goes to who waits longest, and is counted as taken all the while. */
function leave(): void {
  const next = waiting.shift()
  if (next === undefined) running -= 1
  else next()
}

const broken: TemplateAnswer = {
  refused: 'templates.too_large',
  details: [{ field: 'file', message: 'takes more memory or time than is given to a template' }],
}

const TOO_MUCH = new Set(['ERR_WORKER_OUT_OF_MEMORY', 'RangeError'])
const codeOf = (error: unknown): string =>
  (error as { code?: string }).code ?? (error instanceof Error ? error.name : '')

async function inThread(task: TemplateTask, timeLimit: number): Promise<TemplateAnswer> {
  await enter()
  const worker = new Worker(new URL('template.worker.ts', import.meta.url), {
    ...{ workerData: task, resourceLimits: LIMITS, execArgv: [], env: {}, stdout: true, stderr: true },
  })
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise<TemplateAnswer>((resolve, reject) => {
      timer = setTimeout(() => resolve(broken), timeLimit)
      worker.once('message', resolve)
      // What else a thread trips over is ours: a module that is not there, a file that the checks let through.
      worker.once('error', (error) => (TOO_MUCH.has(codeOf(error)) ? resolve(broken) : reject(error)))
      worker.once('exit', () => resolve(broken))
    })
  } finally {
    clearTimeout(timer)
    await worker.terminate()
    leave()
  }
}

/** Does it in a thread of its own, with limits. What it refuses is thrown, with its details. */
export async function runTemplate(
  task: TemplateTask,
  timeLimit = TIME_LIMIT_MS,
): Promise<Exclude<TemplateAnswer, { refused: string }>> {
  const answer = await inThread(task, timeLimit)
  if ('refused' in answer) throw templatesRefusals.refuse(answer.refused, { details: [...answer.details] })
  return answer
}

/** What a template asks for, where it may stay. */
export async function checkTemplate(file: Uint8Array) {
  const answer = await runTemplate({ do: 'check', file })
  if (!('uses' in answer)) throw new Error('A template was checked and a file came back')
  return answer.uses
}

export async function fillTemplate(task: Omit<Extract<TemplateTask, { do: 'fill' }>, 'do'>): Promise<Buffer> {
  const answer = await runTemplate({ do: 'fill', ...task })
  if (!('made' in answer)) throw new Error('A template was filled and nothing came back')
  return Buffer.from(answer.made)
}
