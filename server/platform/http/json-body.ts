import type { FastifyInstance } from 'fastify'
import sjson from 'secure-json-parse'
import { requestRefusals } from './problem.ts'

/** Deeper bodies are refused: no shape of ours is deeper than 8, and recursion over hostile depth is a danger. */
const MAX_DEPTH = 32

/** The code unit that a `\uXXXX` at `i` stands for; NaN where there is none. */
const escapedAt = (text: string, i: number): number =>
  text.startsWith('\\u', i) ? Number.parseInt(text.slice(i + 2, i + 6), 16) : Number.NaN

/** Whether an escape at `i` is a NUL or half of a pair: PostgreSQL's text holds neither. Else the length it takes. */
function escapeLength(text: string, i: number): number | 'unacceptable' {
  const unit = escapedAt(text, i)
  if (unit === 0 || (unit >= 0xdc00 && unit <= 0xdfff)) return 'unacceptable'
  if (!(unit >= 0xd800 && unit <= 0xdbff)) return 2
  const low = escapedAt(text, i + 6)
  return low >= 0xdc00 && low <= 0xdfff ? 12 : 'unacceptable'
}

/** Whether it has fewer opening brackets than a depth takes, and no escape: so has nearly every body. */
function harmless(text: string): boolean {
  if (text.includes('\\')) return false
  let openings = 0
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      openings += 1
      if (openings > MAX_DEPTH) return false
    }
  }
  return true
}

/** True where nesting exceeds MAX_DEPTH or a string holds what PostgreSQL's text cannot. */
function unacceptable(text: string): boolean {
  if (harmless(text)) return false
  let depth = 0
  let inString = false
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    if (inString) {
      if (code === 92) {
        const length = escapeLength(text, i)
        if (length === 'unacceptable') return true
        i += length - 1
      } else if (code === 34) inString = false
    } else if (code === 34) inString = true
    else if (code === 123 || code === 91) {
      depth += 1
      if (depth > MAX_DEPTH) return true
    } else if (code === 125 || code === 93) depth -= 1
  }
  return false
}

/** Parses JSON so that nothing hostile reaches a route: no `__proto__`, no depth, no NUL, no lone surrogates. */
export function parseJson(text: string): unknown {
  if (!text.isWellFormed() || unacceptable(text)) throw requestRefusals.refuse('request.malformed')
  try {
    return sjson.parse(text, { protoAction: 'error', constructorAction: 'error' })
  } catch (error) {
    throw requestRefusals.refuse('request.malformed', { cause: error })
  }
}

export function acceptJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body: Buffer, done) => {
    // An empty body is no body: POST /…/restore needs none, and clients send the header all the same.
    if (body.length === 0) return done(null, undefined)
    let text: string
    try {
      text = utf8.decode(body)
    } catch (error) {
      return done(requestRefusals.refuse('request.malformed', { cause: error }))
    }
    try {
      done(null, parseJson(text))
    } catch (error) {
      done(error as Error)
    }
  })
}
const utf8 = new TextDecoder('utf-8', { fatal: true })
