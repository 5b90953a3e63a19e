import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { DocumentDeps } from '../deps.ts'
import { generateRoutes } from './generate-routes.ts'
import { templateRoutes } from './template-routes.ts'

/** `/document-templates`, and what is made of them. */
export const templatesRoutes =
  (deps: DocumentDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    await app.register(templateRoutes(deps))
    await app.register(generateRoutes(deps))
  }
