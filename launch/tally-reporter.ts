import { relative } from 'node:path'
import { inspect } from 'node:util'
import type { TestEvent } from 'node:test/reporters'

type Failure = Extract<TestEvent, { type: 'test:fail' }>['data']
type Failed = { name: string; file: string; error: string }
export type Tally = { tests: number; skipped: string[]; failed: Failed[] }

/** So much of an error says what it was. */
const LONGEST_ERROR = 2_000

/** Of a test that failed because one inside it did, the one inside says why. */
const byOneInside = ({ details }: Failure): boolean =>
  (details.error as { failureType?: string }).failureType === 'subtestsFailed'

function failureOf({ name, file, line, details }: Failure): Failed {
  const { error } = details
  return {
    name,
    file: `${relative('.', file ?? '')}:${line}`,
    error: inspect(error.cause ?? error).slice(0, LONGEST_ERROR),
  }
}

/** Tells the runner what a spec report does not put into an exit code: that the suite came to its end, what it skipped, and what failed. */
export default async function* tally(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const skipped: string[] = []
  const failed: Failed[] = []
  for await (const event of source) {
    if (
      (event.type === 'test:pass' || event.type === 'test:fail') &&
      (event.data.skip !== undefined || event.data.todo !== undefined)
    ) {
      skipped.push(event.data.name)
    }
    if (event.type === 'test:fail' && !byOneInside(event.data)) failed.push(failureOf(event.data))
    if (event.type === 'test:summary' && event.data.file === undefined) {
      yield JSON.stringify({ tests: event.data.counts.tests, skipped, failed } satisfies Tally)
    }
  }
}
