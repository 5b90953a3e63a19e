/** Makers of uploads, for tests of whatever is done with documents. */
import assert from 'node:assert/strict'
import { testApp, type TestUser } from '#test/harness.ts'
import type { App } from '../../../app.ts'
import type { Document } from '../schemas.ts'

export type UploadOptions = {
  readonly name?: string
  readonly bytes?: Buffer | string
  readonly path?: string
  /** Fields of the form beside the file; a list is repeated. */
  readonly fields?: Readonly<Record<string, string | readonly string[]>>
  readonly fileFirst?: boolean
  readonly app?: App
}
export type Uploaded = { status: number; body: any; headers: Record<string, unknown> } // oxlint-disable-line typescript/no-explicit-any -- what a test reads of it, it asserts

const BOUNDARY = 'boundary-of-a-test'

/** A multipart body; the file's name is sent as its bytes are, unless it holds a quotation mark. */
export function formOf({
  name = 'letter.txt',
  bytes = 'Gentili signori',
  fields = {},
  fileFirst = true,
}: UploadOptions): Buffer {
  const file = [
    Buffer.from(
      `--${BOUNDARY}\r\ncontent-disposition: form-data; name="file"; filename="${name.replaceAll('"', '%22')}"\r\ncontent-type: application/octet-stream\r\n\r\n`,
    ),
    Buffer.from(bytes),
    Buffer.from('\r\n'),
  ]
  const others = Object.entries(fields).flatMap(([field, value]) =>
    [value]
      .flat()
      .map((one) => Buffer.from(`--${BOUNDARY}\r\ncontent-disposition: form-data; name="${field}"\r\n\r\n${one}\r\n`)),
  )
  return Buffer.concat([
    ...(fileFirst ? [...file, ...others] : [...others, ...file]),
    Buffer.from(`--${BOUNDARY}--\r\n`),
  ])
}

export const FORM_TYPE = `multipart/form-data; boundary=${BOUNDARY}`

/** What the server answers to an upload, whatever that is. */
export async function sendUpload(user: TestUser, options: UploadOptions = {}): Promise<Uploaded> {
  const { http } = options.app ?? (await testApp())
  const answer = await http.inject({
    ...{ method: 'POST', url: `/api/v1${options.path ?? '/documents'}`, payload: formOf(options) },
    headers: { authorization: `Bearer ${user.token}`, 'content-type': FORM_TYPE },
  })
  return { status: answer.statusCode, body: answer.body === '' ? null : answer.json(), headers: answer.headers }
}

/** As if its content had been scanned: no worker runs in tests that do not start one. */
export async function settleScan(user: TestUser, { sha256 }: Pick<Document, 'sha256'>, scan = 'clean'): Promise<void> {
  await user.write('documents.write', ({ db, tenantId }) =>
    db.updateTable('files').set({ scan }).where('tenant_id', '=', tenantId).where('sha256', '=', sha256).execute(),
  )
}

type Easy = { name?: string; bytes?: Buffer | string; app?: App } & Readonly<Record<string, unknown>>

/** A document with a file of its own: `{name, bytes, plant_id, tags, …}`; every other property is a field of the form. */
export async function uploadDocument(user: TestUser, { name, bytes, app, ...rest }: Easy = {}): Promise<Document> {
  const fields = Object.fromEntries(
    Object.entries(rest).map(([field, value]) => [field, Array.isArray(value) ? value.map(String) : String(value)]),
  )
  const answer = await sendUpload(user, {
    ...(name !== undefined && { name }),
    ...(bytes !== undefined && { bytes }),
    ...{ fields, ...(app && { app }) },
  })
  assert.equal(answer.status, 201, JSON.stringify(answer.body))
  return answer.body as Document
}
