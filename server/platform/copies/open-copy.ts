import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Migrations } from '../database/migrate.ts'
import { byteReader } from './byte-reader.ts'
import { openBody } from './frames.ts'
import { readHeader, type Keys, type Opened } from './header.ts'
import { passOver, readRecords, type About, type Manifest, type Records } from './records.ts'
import { copyRefusals } from './refusals.ts'
import type { Chunks } from './rows.ts'

export type Copy = Omit<Opened, 'body'> & Records

/** Opens a copy at its beginning: reads who it is for and what it holds, and no rows yet. */
export async function openCopy(bytes: Chunks, keys: Keys): Promise<Copy> {
  const reader = byteReader(bytes, () => copyRefusals.refuse('copies.damaged'))
  const { body, ...opened } = await readHeader(reader, keys)
  return { ...opened, ...(await readRecords(openBody(reader, body))) }
}

/** The same of a file; it must be there. */
export async function openCopyFile(path: string, keys: Keys): Promise<Copy> {
  const found = await stat(path).catch(() => null)
  if (found === null || !found.isFile()) throw copyRefusals.refuse('copies.no_file')
  return openCopy(createReadStream(path, { highWaterMark: 256 * 1024 }), keys)
}

export type Verified = Pick<Copy, 'header'> & { about: About; manifest: Manifest }

/** Reads a copy to its end and compares all of it with what it says of itself; touches nothing. */
export async function verifyCopy(path: string, keys: Keys): Promise<Verified> {
  const copy = await openCopyFile(path, keys)
  for await (const { rows } of copy.parts()) await passOver(rows)
  return { header: copy.header, about: copy.about, manifest: copy.manifest() }
}

/** Refuses a copy of migrations that this release does not have: they would have to be the first ones of its own. */
export function checkHistory({ migrations: theirs }: Copy['header'], ours: Migrations): void {
  for (const kind of ['control', 'tenant'] as const) {
    const known = ours[kind].map(({ hash }) => hash)
    const differ = theirs[kind].findIndex((hash, at) => hash !== known[at])
    if (differ >= known.length) throw copyRefusals.refuse('copies.newer')
    if (differ >= 0) throw copyRefusals.refuse('copies.other_history')
  }
}
