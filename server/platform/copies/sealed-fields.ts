import { decryptField, encryptField, FieldEncryptionError, type KeyRing } from '../secrets/field-encryption.ts'
import type { Chunks } from './rows.ts'

/**
 * Fields that are encrypted in their place (`v1.<key>…`) are bound to a key of the installation and to the row. The migration that
 * makes such a column says how: `comment on column … is 'sealed {tenant_id}:plant_registries:tax_code:{plant_id}'`, the
 * context of `encryptField` with the row's own columns in braces. On the way out they are encrypted for the copy, on the way in for
 * the installation that takes them.
 *
 * A field that does not open stays as it is, in both directions: one that is broken must not keep a company from its backup, and where
 * it belongs to a secret that comes back, it opens again.
 */
export type SealedColumns = { columns: readonly string[]; sealed: Readonly<Record<string, string>> }

const NULL = String.raw`\N`
const NEWLINE = 10

/** COPY text with every encrypted field opened by one ring and closed by another. */
export async function* resealRows(
  rows: Chunks,
  table: SealedColumns,
  from: KeyRing,
  to: KeyRing,
): AsyncGenerator<Buffer> {
  if (Object.keys(table.sealed).length === 0) {
    yield* rows
    return
  }
  let rest = Buffer.alloc(0)
  for await (const chunk of rows) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    const end = bytes.lastIndexOf(NEWLINE) + 1
    rest = Buffer.from(bytes.subarray(end))
    if (end > 0)
      yield Buffer.from(
        bytes
          .toString('utf8', 0, end)
          .split('\n')
          .map((line) => (line === '' ? '' : resealLine(line, table, from, to)))
          .join('\n'),
      )
  }
  if (rest.length > 0) yield rest
}

/** One row of COPY text, without its newline. */
export function resealLine(line: string, { columns, sealed }: SealedColumns, from: KeyRing, to: KeyRing): string {
  const fields = line.split('\t')
  for (const [column, template] of Object.entries(sealed)) {
    const at = columns.indexOf(column)
    const text = fields[at]
    if (text === undefined || text === NULL) continue
    // Ids and key ids hold nothing that COPY would escape.
    const context = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => fields[columns.indexOf(name)] ?? '')
    fields[at] = resealField(text, context, from, to)
  }
  return fields.join('\t')
}

function resealField(text: string, context: string, from: KeyRing, to: KeyRing): string {
  try {
    return encryptField(to, decryptField(from, text, context), context)
  } catch (error) {
    if (error instanceof FieldEncryptionError) return text
    throw error
  }
}
