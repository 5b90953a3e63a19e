import type { FastifyRequest } from 'fastify'
import type { Static, TSchema } from 'typebox'
import { type Spool, spool } from '#platform/blob/spool.ts'
import { requestRefusals } from '#platform/http/problem.ts'
import { makeAjv } from '#platform/http/validation.ts'
import { Refusal } from '#platform/refusal.ts'
import { cleanName } from './file-name.ts'
import { type FileType, isFileType } from './file-types.ts'
import { libraryRefusals } from './refusals.ts'

export type TakenFile = { readonly spool: Spool; readonly name: string; readonly type: FileType }
export type Taken<Fields> = { readonly file: TakenFile; readonly fields: Fields }
export type UploadRules = {
  readonly folder: string
  /** Bytes. */
  readonly limit: number
  readonly allowed: ReadonlySet<FileType>
}

/** What a form may hold beside its file: twenty fields of ten thousand bytes, and their headings. */
const FORM_BYTES = 262_144
const LIMITS = { files: 1, fields: 40, parts: 41, fieldSize: 10_000, fieldNameSize: 100, headerPairs: 20 }

/** Takes texts of a form for what the schema says they are: numbers, lists. */
const ajv = makeAjv({ coerceTypes: 'array' })

/** Reads the fields of a form by a schema; a list may come as repeated fields or with commas between. Throws `documents.invalid`. */
function fieldsBy<Schema extends TSchema>(schema: Schema, texts: ReadonlyMap<string, string[]>): Static<Schema> {
  const fields: Record<string, unknown> = {}
  for (const [name, values] of texts) {
    const filled = values.filter((value) => value.trim() !== '')
    if (name === 'tags') {
      const tags = filled.flatMap((value) => value.split(',')).map((tag) => tag.trim().normalize('NFC'))
      fields[name] = [...new Set(tags.filter((tag) => tag !== ''))]
    } else if (filled.length > 0) fields[name] = filled.length === 1 ? filled[0]!.trim() : filled
  }
  const validate = ajv.compile(schema)
  if (validate(fields)) return fields as Static<Schema>
  const details = (validate.errors ?? []).slice(0, 20).map(({ instancePath, params, message }) => {
    const extra = (params as Record<string, unknown>)['additionalProperty']
    const field = [...instancePath.split('/').filter(Boolean), ...(typeof extra === 'string' ? [extra] : [])].join('.')
    return {
      field: field.slice(0, 200),
      message: extra === undefined ? (message ?? 'is not valid') : 'is not known here',
    }
  })
  throw libraryRefusals.refuse('documents.invalid', { details })
}

type FilePart = { filename: string | undefined; file: AsyncIterable<Buffer> & { truncated: boolean } }

async function takeFile({ filename, file }: FilePart, { folder, allowed }: UploadRules): Promise<TakenFile> {
  const named = cleanName(filename ?? '')
  if (named === null) throw libraryRefusals.refuse('documents.bad_name')
  const { name, extension } = named
  if (!isFileType(extension) || !allowed.has(extension)) {
    const details = [{ field: 'file', message: `must be one of ${[...allowed].join(', ')}` }]
    throw libraryRefusals.refuse('documents.type_not_allowed', { details })
  }
  const spooled = await spool(file, folder)
  const wrong = file.truncated ? 'documents.too_large' : spooled.size === 0 ? 'documents.empty' : null
  if (wrong === null) return { spool: spooled, name, type: extension }
  await spooled.remove()
  throw libraryRefusals.refuse(wrong)
}

/** What the parser says of a form that is cut off or bent is a plain error; whoever knows better says its status. */
function asUploadRefusal(error: unknown): unknown {
  if (error instanceof Refusal || (error as { statusCode?: number }).statusCode !== undefined) return error
  return requestRefusals.refuse('request.malformed', { cause: error })
}

/**
 * Takes the file and the fields of a multipart form, in any order: the file is written to disk as it comes, hashed and counted. What breaks off,
 * is too large, empty, badly named or of a type that is not allowed leaves nothing behind. The caller removes the spooled file in the end.
 */
export async function takeUpload<Schema extends TSchema>(
  request: FastifyRequest,
  rules: UploadRules,
  schema: Schema,
): Promise<Taken<Static<Schema>>> {
  let file: TakenFile | undefined
  try {
    if (Number(request.headers['content-length'] ?? 0) > rules.limit + FORM_BYTES) {
      throw libraryRefusals.refuse('documents.too_large')
    }
    const texts = new Map<string, string[]>()
    for await (const part of request.parts({
      limits: { ...LIMITS, fileSize: rules.limit },
    })) {
      if (part.type === 'field') {
        if (part.valueTruncated) throw requestRefusals.refuse('request.too_large')
        texts.set(part.fieldname, [...(texts.get(part.fieldname) ?? []), String(part.value)])
      } else if (part.fieldname === 'file') file = await takeFile(part, rules)
      else throw libraryRefusals.refuse('documents.no_file')
    }
    if (file === undefined) throw libraryRefusals.refuse('documents.no_file')
    return { file, fields: fieldsBy(schema, texts) }
  } catch (error) {
    await file?.spool.remove()
    // What still comes is let go by, so that the client can hear the answer.
    request.raw.unpipe()
    request.raw.resume()
    throw asUploadRefusal(error)
  }
}
