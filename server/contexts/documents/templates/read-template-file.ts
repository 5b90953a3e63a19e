import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { contentKey } from '#platform/blob/blob-store.ts'
import type { DocumentDeps } from '../deps.ts'
import type { Language } from './formats.ts'

/** Where a template's bytes lie: one that ships by its name and language, one of the company by its content. */
export type TemplatePlace =
  | { readonly shipped: string; readonly language: Language }
  | { readonly tenantId: string; readonly sha256: string }

async function bytesOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** A template's bytes and their digest. */
export async function readTemplateFile(
  { blobs }: Pick<DocumentDeps, 'blobs'>,
  place: TemplatePlace,
): Promise<{ file: Buffer; sha256: string }> {
  const file =
    'shipped' in place
      ? await readFile(new URL(`shipped/${place.shipped}.${place.language}.docx`, import.meta.url))
      : await bytesOf(await blobs.open(contentKey(place.tenantId, place.sha256)))
  return { file, sha256: createHash('sha256').update(file).digest('hex') }
}
