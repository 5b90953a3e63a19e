import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { everyJwk, publishedJwks } from './signing-keys.ts'
import type { Issuing } from './token-keys.ts'

const Jwks = Type.Object(
  {
    keys: Type.Array(
      Type.Object({
        ...{ kty: Type.Literal('RSA'), n: Type.String(), e: Type.String(), kid: Type.String() },
        ...{ use: Type.Literal('sig'), alg: Type.Literal('RS256') },
      }),
    ),
  },
  { title: 'Jwks' },
)
// Half of the delay before a new key signs: every reader has it by then.
const CACHE_S = 300

/** At the root: `/.well-known/jwks.json`, the keys by which others verify our access tokens, and those of signed heads. */
export const jwksRoutes =
  ({ issuing }: { issuing: Issuing }): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/.well-known/jwks.json',
      {
        config: { permission: 'public', limits: 'none' },
        schema: {
          operationId: 'getJwks',
          tags: ['Sign-in'],
          summary: 'Public keys of access tokens',
          response: { 200: Jwks },
        },
      },
      async (_request, reply) => {
        reply.header('cache-control', `public, max-age=${CACHE_S}`)
        return publishedJwks(issuing.current().keys, new Date())
      },
    )
    // Apart from the other: a retired key must verify no token any more, and the heads that it signed for ever.
    app.get(
      '/.well-known/audit-jwks.json',
      {
        config: { permission: 'public', limits: 'none' },
        schema: {
          operationId: 'getAuditJwks',
          tags: ['Audit'],
          summary: 'Public keys of signed heads of audit trails, the retired ones included',
          response: { 200: Jwks },
        },
      },
      async (_request, reply) => {
        reply.header('cache-control', `public, max-age=${CACHE_S}`)
        return everyJwk(issuing.current().keys)
      },
    )
  }
