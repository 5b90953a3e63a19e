/** Documents whose text is given, and a stand-in for a model behind a real socket. */
import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sql } from 'kysely'
import { custodyRun } from '#platform/jobs/jobs.fixture.ts'
import { newId } from '#platform/new-id.ts'
import { appWith, request, type Answer, type TestTenant, type TestUser } from '#test/harness.ts'
import type { App } from '../../../app.ts'
import { writePassages } from './write-passages.ts'

export type NewDocument = {
  text?: string
  pages?: readonly string[]
  name?: string
  plant_id?: string | null
  category?: string
  type?: string
  tags?: readonly string[]
  created_at?: string
  scan?: 'clean' | 'not_scanned' | 'waiting' | 'infected' | 'failed'
}
export type Written = { id: string; sha256: string }

/** A content with its pages as if it had been uploaded, scanned and read. */
export async function contentOf(
  tenant: TestTenant,
  pages: readonly string[],
  scan: NewDocument['scan'] = 'clean',
): Promise<string> {
  const sha256 = createHash('sha256').update(pages.join('\f')).update(randomBytes(8)).digest('hex')
  // By custody: until a document has it, nobody may write what stands in it.
  await custodyRun(async ({ db }) => {
    await sql`insert into ${sql.id(tenant.schema, 'files')} (tenant_id, sha256, size, media_type, scan, stored_at)
      values (${tenant.id}, ${sha256}, 1, 'application/pdf', ${scan}, now())`.execute(db)
    await sql`insert into ${sql.id(tenant.schema, 'file_pages')} (tenant_id, sha256, page, text, method)
      select ${tenant.id}, ${sha256}, place, page, 'text' from unnest(${pages}::text[]) with ordinality as p (page, place)`.execute(
      db,
    )
  })
  return sha256
}

/** A document whose current version is this content. */
export async function documentOf(tenant: TestTenant, sha256: string, told: NewDocument = {}): Promise<Written> {
  const id = newId()
  const { name = 'Documento.pdf', plant_id = null, category = null, type = 'pdf', tags = [] } = told
  const at = told.created_at ?? new Date().toISOString()
  await tenant.admin.write('documents.write', async ({ db }) => {
    await sql`insert into documents (tenant_id, id, plant_id, name, category, source, version, sha256, type, media_type, size, tags, search_text,
                                     created_at, updated_at)
      values (${tenant.id}, ${id}, ${plant_id}, ${name}, ${category}, 'uploaded', 1, ${sha256}, ${type}, 'application/pdf', 1, ${tags}::text[], 'x',
              ${at}, ${at})`.execute(db)
    await sql`insert into document_versions (tenant_id, document_id, version, sha256, file_name, type, media_type, size, created_at)
      values (${tenant.id}, ${id}, 1, ${sha256}, 'x.pdf', ${type}, 'application/pdf', 1, ${at})`.execute(db)
  })
  return { id, sha256 }
}

/** Both: a document with its text, found at once. */
export async function written(tenant: TestTenant, told: NewDocument): Promise<Written> {
  const sha256 = await contentOf(tenant, told.pages ?? [told.text ?? ''], told.scan)
  const document = await documentOf(tenant, sha256, told)
  await tenant.admin.write('documents.write', (work) => writePassages(work, sha256))
  return document
}

/** Asks `/documents/search`, of this run's application or of another. */
export async function search(
  user: TestUser,
  q: string,
  more: Record<string, string | number> = {},
  app?: App,
): Promise<Answer> {
  const query = new URLSearchParams({ q, ...Object.fromEntries(Object.entries(more).map(([k, v]) => [k, String(v)])) })
  return request('GET', `/api/v1/documents/search?${query.toString()}`, { token: user.token, ...(app && { app }) })
}

/** Where in an answer the documents stand, in their order. */
export const idsOf = ({ body }: Answer): string[] => body.items.map((one: { document_id: string }) => one.document_id)

export type Model = {
  url: string
  /** Texts that were asked for, by the model that was named. */
  asked: { model: string; dimensions: number; input: string[] }[]
  /** What the next requests are answered with instead; the first one next. */
  instead: { status: number; headers?: Record<string, string>; body?: string }[]
  /** While true every request is refused with 500. */
  down: boolean
  close: () => Promise<void>
}

const bodyOf = async (request_: IncomingMessage): Promise<string> => {
  const pieces: Buffer[] = []
  for await (const piece of request_) pieces.push(piece as Buffer)
  return Buffer.concat(pieces).toString()
}

/** Words thrown into as many boxes as there are dimensions: the same text, the same vector. It knows no meaning, and proves none. */
export function boxesOf(text: string, dimensions: number, seed = ''): number[] {
  const boxes: number[] = Array.from({ length: dimensions }, () => 0)
  for (const word of text.toLowerCase().match(/[a-z0-9à-ÿ]+/g) ?? ['']) {
    const digest = createHash('sha256')
      .update(seed + word)
      .digest()
    boxes[digest.readUInt32LE(0) % dimensions]! += digest.readUInt8(4) % 2 === 0 ? 1 : -1
  }
  return boxes.every((one) => one === 0) ? boxes.map(() => 1) : boxes
}

/** A server that speaks the embeddings request of OpenAI's API over a socket. */
export async function startModel(): Promise<Model> {
  const model: Model = { url: '', asked: [], instead: [], down: false, close: () => Promise.resolve() }
  const server = createServer((request_, answer) => {
    void bodyOf(request_).then((text) => {
      const instead = model.down ? { status: 500 } : model.instead.shift()
      if (instead) {
        return answer.writeHead(instead.status, instead.headers).end(instead.body ?? '{}')
      }
      const asked = JSON.parse(text) as Model['asked'][number]
      if (request_.url !== '/v1/embeddings' || request_.headers.authorization !== 'Bearer test-key') {
        return answer.writeHead(401).end('{}')
      }
      model.asked.push(asked)
      const data = asked.input.map((one, index) => ({
        ...{ object: 'embedding', index, embedding: boxesOf(one, asked.dimensions, asked.model) },
      }))
      answer.writeHead(200, { 'content-type': 'application/json' })
      return answer.end(JSON.stringify({ object: 'list', data, model: asked.model, usage: { total_tokens: 0 } }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  model.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
  model.close = () =>
    new Promise((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    })
  return model
}

/** An application that asks this model. Both are closed by whoever asks for them. */
export const appWithModel = (model: Model, more: Record<string, unknown> = {}): Promise<App> =>
  appWith({
    ...{
      EMBEDDING_BASE_URL: model.url,
      EMBEDDING_API_KEY: 'test-key',
      EMBEDDING_MODEL: 'boxes-1',
      EMBEDDING_DIMENSIONS: 64,
    },
    ...more,
  })
