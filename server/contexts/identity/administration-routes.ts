import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { AdministrationDeps } from './administration.ts'
import { apiKeyRoutes } from './api-keys/routes.ts'
import { auditRoutes } from './audit/routes.ts'
import { privacyRoutes } from './privacy/routes.ts'
import { explainRoutes, roleRoutes } from './roles/routes.ts'
import { platformRoutes } from './tenants/platform-routes.ts'
import { ownTenantRoutes } from './tenants/routes.ts'
import { userRoutes } from './users/routes.ts'

const all = [
  ...userRoutes,
  privacyRoutes,
  ...roleRoutes,
  explainRoutes,
  ...apiKeyRoutes,
  auditRoutes,
  ownTenantRoutes,
  ...platformRoutes,
]

/** Users, roles, API keys, settings and audit of a company, and the companies for who runs the service. */
export const administrationRoutes =
  (deps: AdministrationDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    for (const routes of all) await app.register(routes(deps))
  }
