import { createHash, type Hash } from 'node:crypto'
import { blobRefusals } from '../blob/refusals.ts'
import { Refusal } from '../refusal.ts'
import type { Chunks } from './rows.ts'

/** Whose file it is, and which content: `files` of a company names it, and the store of files has it. */
export type FileHead = { tenant_id: string; sha256: string; size: number }
/** The same as it stands in a copy: `quarantined` where the bytes are those that lie in quarantine, scrambled, which no hash of a row tells. */
export type FileRecord = FileHead & { quarantined?: true }
/** Why the bytes of a file are not in a copy, or not as they should be: the store did not have them, or had others. */
export type Lack = 'missing' | 'changed'
/** What stands behind the bytes of a file; `kept`: what these are where they lay in quarantine. */
export type FileEnd = { lack: Lack | null; kept?: Kept }
export type Kept = { size: number; sha256: string }
/** `count` and `bytes` of all that should be there; of those that lack the first ones by name. */
export type FilesSum = {
  count: number
  bytes: number
  sha256: string
  lacking: number
  lacks: (FileHead & { lack: Lack })[]
}

/** As many as somebody reads. */
const NAMED = 100
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const SHA256 = /^[0-9a-f]{64}$/

const lineOf = ({ tenant_id, sha256, size }: FileHead): string => `${tenant_id} ${sha256} ${size}`

/** Whether it is one: a copy is made by whoever has its passphrase, and of this a key of the store is made. */
export const isFileHead = ({ tenant_id, sha256, size }: Partial<FileHead>): boolean =>
  UUID.test(String(tenant_id)) && SHA256.test(String(sha256)) && Number.isSafeInteger(size) && size! >= 0

/** Adds up the files of a copy, in the order in which they stand. */
export function filesAdder() {
  const hash = createHash('sha256')
  const sum = { count: 0, bytes: 0, lacking: 0, lacks: [] as FilesSum['lacks'] }
  return {
    add: ({ quarantined, ...head }: FileRecord, lack: Lack | null): void => {
      hash.update(`${lineOf(head)} ${lack ?? ''} ${quarantined ? 'quarantined' : ''}\n`)
      sum.count += 1
      sum.bytes += head.size
      if (lack === null) return
      sum.lacking += 1
      if (sum.lacks.length < NAMED) sum.lacks.push({ ...head, lack })
    },
    sum: (): FilesSum => ({ ...sum, sha256: hash.digest('hex') }),
  }
}

/** The bytes of a file as they come, and what they turn out to be at their end. */
export function weighing() {
  const hash: Hash = createHash('sha256')
  let size = 0
  return {
    add: (chunk: Buffer): void => {
      hash.update(chunk)
      size += chunk.length
    },
    kept: (): Kept => ({ size, sha256: hash.digest('hex') }),
  }
}

/** Whether both are the same bytes. */
export const isSame = (one: Kept | undefined, other: Kept): boolean =>
  one?.size === other.size && one.sha256 === other.sha256

/** True where the store says that it does not have it; not where it does not answer. */
export const isMissing = (error: unknown): boolean =>
  error instanceof Refusal && error.code === blobRefusals.refuse('blobs.missing').code

/**
 * Whether the rows of `files` and the files of a copy are the same: each is a number of 256 bits by its digest, and the sums of both
 * are compared, since neither comes in an order and there may be millions.
 */
export function census() {
  let difference = 0n
  const count = (head: FileHead, sign: 1n | -1n): void => {
    const number = BigInt(`0x${createHash('sha256').update(lineOf(head)).digest('hex')}`)
    difference = BigInt.asUintN(256, difference + sign * number)
  }
  return {
    rows: (columns: readonly string[], chunks: Chunks): Chunks => counted(columns, chunks, (head) => count(head, 1n)),
    file: (head: FileHead): void => count(head, -1n),
    agrees: (): boolean => difference === 0n,
  }
}

const COLUMNS = ['tenant_id', 'sha256', 'size', 'purged_at'] as const
const NEWLINE = 10

/** Whether a table is the one that names files. */
export const namesFiles = ({ schema, name, columns }: { schema: string; name: string; columns: string[] }): boolean =>
  schema !== 'control' && name === 'files' && COLUMNS.every((column) => columns.includes(column))

/** The same chunks of COPY text; each row whose bytes are to be there is shown on the way. Ids and hashes hold nothing that COPY escapes. */
async function* counted(
  columns: readonly string[],
  chunks: Chunks,
  show: (head: FileHead) => void,
): AsyncGenerator<Buffer> {
  const [tenant, hash, size, purged] = COLUMNS.map((column) => columns.indexOf(column))
  let rest = Buffer.alloc(0)
  for await (const chunk of chunks) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    const end = bytes.lastIndexOf(NEWLINE) + 1
    rest = Buffer.from(bytes.subarray(end))
    for (const line of bytes.toString('utf8', 0, end).split('\n')) {
      const fields = line.split('\t')
      if (line !== '' && fields[purged!] === String.raw`\N`)
        show({ tenant_id: fields[tenant!]!, sha256: fields[hash!]!, size: Number(fields[size!]) })
    }
    yield chunk
  }
}
