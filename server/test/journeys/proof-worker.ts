/** `officina worker`, with the kinds of the proof besides. */
import { readConfig } from '../../config.ts'
import { endingOf } from '../../exit-code.ts'
import { work } from '../../worker.ts'
import { proofJobs } from './proof-jobs.ts'

try {
  await work(readConfig(), proofJobs)
} catch (error) {
  const { code, message } = endingOf(error)
  process.stderr.write(`${message}\n`)
  process.exit(code)
}
