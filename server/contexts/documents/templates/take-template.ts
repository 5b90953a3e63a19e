import { readFile } from 'node:fs/promises'
import type { FastifyRequest } from 'fastify'
import type { Static, TObject } from 'typebox'
import { makeAjv } from '#platform/http/validation.ts'
import type { Spool } from '#platform/blob/spool.ts'
import type { DocumentDeps } from '../deps.ts'
import { readContent } from '../library/read-content.ts'
import { libraryRefusals } from '../library/refusals.ts'
import { takeUpload } from '../library/take-upload.ts'
import type { CheckedFile } from './create-template.ts'
import { templatesRefusals } from './refusals.ts'
import { checkTemplate } from './run-template.ts'
import { DeclaredFields } from './schemas.ts'
import { templateFields } from './template-fields.ts'
import { spoolFolder } from '#platform/blob/spool.ts'

/** Text, tables and styles need far less. */
const MAX_TEMPLATE = 2 * 1024 * 1024
const isDeclared = makeAjv({ coerceTypes: false }).compile(DeclaredFields)

function declaredFields(text: string | undefined): DeclaredFields {
  if (text === undefined) return []
  try {
    const declared: unknown = JSON.parse(text)
    // Neither half a sign nor the one of number zero can be kept.
    if (isDeclared(declared) && !/\\u(?:d[89a-f]|0000)/i.test(JSON.stringify(declared)))
      return declared as DeclaredFields
  } catch {
    // Said below.
  }
  const at = isDeclared.errors?.[0]
  const message =
    at === undefined ? 'must be a list in JSON' : `${at.instancePath} ${at.message ?? 'is not valid'}`.trim()
  throw templatesRefusals.refuse('templates.fields_invalid', { details: [{ field: 'fields', message }] })
}

export type TakenTemplate<Fields> = { readonly checked: CheckedFile; readonly spool: Spool; readonly fields: Fields }

/** Takes a template from a form: spooled, looked at as any upload is, and its tags checked in a thread. The caller removes the spooled file. */
export async function takeTemplate<Schema extends TObject>(
  request: FastifyRequest,
  { config }: Pick<DocumentDeps, 'config'>,
  schema: Schema,
): Promise<TakenTemplate<Static<Schema>>> {
  if (config.production && config.CLAMD_URL === undefined) throw libraryRefusals.refuse('documents.no_scanner')
  const limit = Math.min(config.MAX_UPLOAD_SIZE, MAX_TEMPLATE)
  const rules = { folder: spoolFolder(config), limit, allowed: new Set(['docx'] as const) }
  const { file, fields } = await takeUpload(request, rules, schema)
  const { spool, name: fileName } = file
  try {
    await readContent(spool, 'docx')
    const declared = declaredFields((fields as { fields?: string }).fields)
    const found = templateFields(await checkTemplate(await readFile(spool.path)), declared)
    if (found.problems.length > 0) {
      throw templatesRefusals.refuse('templates.fields_invalid', { details: found.problems.slice(0, 50) })
    }
    const content = { sha256: spool.sha256, size: spool.size }
    return { checked: { content, fileName, fields: found.fields }, spool, fields }
  } catch (error) {
    await spool.remove()
    throw error
  }
}
