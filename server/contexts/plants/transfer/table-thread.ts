import { Worker } from 'node:worker_threads'
import { plantRefusals } from '../refusals.ts'
import type { Cell } from './plant-table.ts'

/** `semicolons`: the cells were parted by them, as Italian programs do. */
export type Table = { rows: Cell[][]; semicolons: boolean }
export type TableTask = { file: Uint8Array } | { rows: readonly (readonly Cell[])[] }
type Refused = { refused: 'plants.file_type' | 'plants.file_unreadable' | 'plants.file_too_large' }
export type TableAnswer = Table | { file: Uint8Array } | Refused

/** Threads at once: each may take a core and some 300 MB. */
const THREADS = 2
const TIME_LIMIT_MS = 20_000
let running = 0

async function inThread(task: TableTask): Promise<TableAnswer> {
  if (running >= THREADS) throw plantRefusals.refuse('plants.busy', { retryAfterS: 2 })
  running += 1
  const limits = { maxOldGenerationSizeMb: 300, maxYoungGenerationSizeMb: 32 }
  const worker = new Worker(new URL('table.worker.ts', import.meta.url), {
    ...{ workerData: task, resourceLimits: limits, execArgv: [] },
  })
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise<TableAnswer>((resolve) => {
      const unreadable = (): void => resolve({ refused: 'plants.file_unreadable' })
      timer = setTimeout(unreadable, TIME_LIMIT_MS)
      worker.once('message', resolve)
      // Out of memory, or a file on which the reader trips: neither is the server's fault.
      worker.once('error', unreadable)
    })
  } finally {
    clearTimeout(timer)
    running -= 1
    await worker.terminate()
  }
}

/** The rows of a CSV or of the first sheet of an XLSX, told apart by content. */
export async function readTable(file: Buffer): Promise<Table> {
  const answer = await inThread({ file })
  if ('refused' in answer) throw plantRefusals.refuse(answer.refused)
  if (!('rows' in answer)) throw new Error('A file was read and another came back')
  // The heading and 5,000 more.
  if (answer.rows.length > 5_001) throw plantRefusals.refuse('plants.file_too_large')
  return answer
}

export async function writeWorkbook(rows: readonly (readonly Cell[])[]): Promise<Buffer> {
  const answer = await inThread({ rows })
  if (!('file' in answer)) throw new Error('The workbook was not written')
  return Buffer.from(answer.file)
}
