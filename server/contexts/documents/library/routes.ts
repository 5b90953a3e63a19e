import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { DocumentDeps } from '../deps.ts'

/** To be written. */
export const libraryRoutes =
  (_deps: DocumentDeps): FastifyPluginAsyncTypebox =>
  async () => {
    await Promise.resolve()
  }
