import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { openEmbedder, vectorsOf } from './embeddings.ts'

type Asked = {
  url: string | undefined
  key: string | undefined
  body: { model: string; input: string[]; dimensions: number }
}
type Step = { status?: number; headers?: Record<string, string>; body?: unknown; text?: string; hang?: boolean }

/** A server that answers by these steps, then with a vector for each text. */
async function withServer(steps: Step[], use: (url: string, asked: Asked[]) => Promise<void>): Promise<void> {
  const asked: Asked[] = []
  const listen: RequestListener = (request, answer) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(pieces).toString()) as Asked['body']
      asked.push({ url: request.url, key: request.headers.authorization, body })
      const step = steps.shift()
      if (step?.hang) return
      const data = body.input.map((text, index) => ({ index, embedding: [text.length, 1, 0] }))
      answer.writeHead(step?.status ?? 200, { 'content-type': 'application/json', ...step?.headers })
      answer.end(step?.text ?? JSON.stringify(step?.body ?? { data: data.toReversed() }))
    })
  }
  const server = createServer(listen)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/`, asked)
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}
const open = (url: string) =>
  openEmbedder({
    ...{ EMBEDDING_BASE_URL: url, EMBEDDING_MODEL: 'm', EMBEDDING_API_KEY: 'secret', EMBEDDING_DIMENSIONS: 3 },
  })!
const edition = { model: 'm', dimensions: 3 }
const patiently = () => ({ edition, patient: true, signal: new AbortController().signal })
const code = (expected: string) => (error: { code?: string }) => error.code === expected

test('without an address there is no embedder', () => {
  assert.equal(openEmbedder({ EMBEDDING_MODEL: 'm', EMBEDDING_DIMENSIONS: 3 }), null)
})

test('texts go in batches of 64 with key, model and dimensions, and come back in their order, of length 1', () =>
  withServer([], async (url, asked) => {
    const texts = Array.from({ length: 130 }, (_, n) => 'x'.repeat(n + 1))
    const vectors = await open(url).embed(texts, patiently())
    assert.deepEqual(
      asked.map(({ body }) => body.input.length),
      [64, 64, 2],
    )
    const { url: path, key, body } = asked[0]!
    assert.deepEqual([path, key, body.model, body.dimensions], ['/v1/embeddings', 'Bearer secret', 'm', 3])
    for (const [n, vector] of vectors.entries()) {
      assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-6)
      assert.ok(Math.abs(vector[0]! / vector[1]! - (n + 1)) < 1e-2 * (n + 1))
    }
  }))

test('a busy server is asked again when it says; a person does not wait for that', () =>
  withServer(
    [
      { status: 429, headers: { 'retry-after': '0' } },
      { status: 503, headers: { 'retry-after': '0' } },
    ],
    async (url, asked) => {
      await open(url).embed(['a'], patiently())
      assert.equal(asked.length, 3)
    },
  ).then(() =>
    withServer([{ status: 503 }], async (url, asked) => {
      await assert.rejects(open(url).embed(['a'], { ...patiently(), patient: false }), code('model.busy'))
      assert.equal(asked.length, 1)
    }),
  ))

test('a server that wants to be left alone for long is left to a later job', () =>
  withServer([{ status: 429, headers: { 'retry-after': '3600' } }], async (url, asked) => {
    await assert.rejects(open(url).embed(['a'], patiently()), (error: { code?: string; retryAfterS?: number }) => {
      assert.deepEqual([error.code, error.retryAfterS], ['model.busy', 3600])
      return true
    })
    assert.equal(asked.length, 1)
  }))

test('a wrong key, another address and what is no answer are told apart', async () => {
  const cases: [Step, string][] = [
    [{ status: 401 }, 'model.refused'],
    [{ status: 404 }, 'model.refused'],
    [{ text: '<html>' }, 'model.wrong_answer'],
    [{ body: { data: [] } }, 'model.wrong_answer'],
  ]
  for (const [step, expected] of cases)
    await withServer([step], async (url) => {
      await assert.rejects(open(url).embed(['a'], patiently()), code(expected), expected)
    })
  const signal = AbortSignal.timeout(10_000)
  await assert.rejects(
    open('http://127.0.0.1:1').embed(['a'], { edition, patient: false, signal }),
    code('model.unreachable'),
  )
  // A redirection would carry the key to somebody else.
  await withServer([{ status: 307, headers: { location: 'http://127.0.0.1:1/' } }], async (url) => {
    await assert.rejects(open(url).embed(['a'], { ...patiently(), patient: false }), code('model.unreachable'))
  })
})

test('whoever gives up is not kept waiting by a server that hangs', () =>
  withServer([{ hang: true }], async (url, asked) => {
    const giveUp = new AbortController()
    const embedding = open(url).embed(['a'], { edition, patient: true, signal: giveUp.signal })
    const rejected = assert.rejects(embedding, /enough/)
    while (asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    giveUp.abort(new Error('enough'))
    await rejected
  }))

test('an answer is checked: count, order, dimensions, numbers, a direction', () => {
  const good = { index: 0, embedding: [3, 4] }
  assert.deepEqual(
    [...vectorsOf({ data: [good] }, 1, 2)[0]!].map((one) => one.toFixed(3)),
    ['0.600', '0.800'],
  )
  const bad: [unknown, number][] = [
    ...[null, {}, { data: 7 }, { data: [] }, { data: [null] }].map((one): [unknown, number] => [one, 1]),
    [{ data: [good, good] }, 2],
    [{ data: [good, { index: 5, embedding: [1, 1] }] }, 2],
    ...[[1], [1, 2, 3], [1, null], [1, 'x'], [0, 0], [1e300, 1e300]].map((embedding): [unknown, number] => [
      { data: [{ index: 0, embedding }] },
      1,
    ]),
  ]
  for (const [answer, count] of bad)
    assert.throws(() => vectorsOf(answer, count, 2), code('model.wrong_answer'), JSON.stringify(answer))
})
