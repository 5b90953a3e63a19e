import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { PROGRAM_MS } from './bounds.ts'

const run = promisify(execFile)
const MOST = 64 * 1024 * 1024

/** What a program of this machine writes on its standard output; rejects where it fails, takes too long or writes too much. */
export const runProgram = async (path: string, args: readonly string[], folder: string): Promise<Buffer> => {
  const options = {
    timeout: PROGRAM_MS,
    killSignal: 'SIGKILL',
    maxBuffer: MOST,
    encoding: 'buffer',
    cwd: folder,
  } as const
  return (await run(path, [...args], options)).stdout
}
