import type { FastifyReply, FastifyRequest } from 'fastify'
import type { EdgeWork } from '#platform/database/work.ts'
import type { AdministrationDeps } from '../administration.ts'
import type { PlatformActor } from './record-in-tenant.ts'

/** Who acts, and from which company of their own. */
export type PlatformCaller = { by: PlatformActor; from: string }

/**
 * Opens the caller's own scope with the route's permission, asks in it who they are, and only then lets the work of
 * custody begin. The answer of a write is kept for its Idempotency-Key as any other, in the caller's company.
 */
export const platformEdge = ({ edges }: Pick<AdministrationDeps, 'edges'>) => ({
  read: <T>(request: FastifyRequest, use: () => Promise<T>, reply?: FastifyReply): Promise<T> =>
    edges.read(request, async (work) => (await callerOf(work), use()), reply),
  write: <T>(request: FastifyRequest, reply: FastifyReply, use: (caller: PlatformCaller) => Promise<T>): Promise<T> =>
    edges.write(request, reply, async (work) => use(await callerOf(work))),
})

async function callerOf({ db, tenantId, actor, requestId, ip }: EdgeWork): Promise<PlatformCaller> {
  const account = await db
    .selectFrom('control.users as u')
    .innerJoin('control.accounts as a', 'a.id', 'u.account_id')
    .select(['a.id', 'a.email'])
    .where('u.tenant_id', '=', tenantId)
    .where('u.id', '=', actor.id)
    .executeTakeFirstOrThrow()
  return { by: { account_id: account.id, told: account.email, request_id: requestId, ip }, from: tenantId }
}
