import type { EdgeWork } from '#platform/database/work.ts'
import { exportMembership, exportTrail } from './export-person.ts'
import type { AccountExport } from './person-export.ts'

/** One company's part, and how its scope is opened: each statement by itself, so that no transaction waits for a slow reader. */
export type Part = { userId: string; read: <T>(use: (work: EdgeWork) => Promise<T>) => Promise<T> }

/** The export as text, piece by piece: a trail of any length passes through in pages. */
export async function* writeExport(
  account: AccountExport | null,
  parts: readonly Part[],
  now: Date,
): AsyncGenerator<string> {
  yield `{"exported_at":${JSON.stringify(now)},"account":${JSON.stringify(account)},"companies":[`
  for (const [at, part] of parts.entries()) {
    yield at === 0 ? '' : ','
    yield* company(part)
  }
  yield ']}'
}

async function* company({ userId, read }: Part): AsyncGenerator<string> {
  const kept = await read((work) => exportMembership(work, userId))
  yield `${JSON.stringify(kept).slice(0, -1)},"audit":[`
  let first = true
  let after: string | null | undefined
  while (after !== null) {
    const from: string | undefined = after
    const page = await read((work) => exportTrail(work, userId, from))
    if (page.entries.length > 0) yield `${first ? '' : ','}${JSON.stringify(page.entries).slice(1, -1)}`
    first &&= page.entries.length === 0
    after = page.last
  }
  yield ']}'
}
