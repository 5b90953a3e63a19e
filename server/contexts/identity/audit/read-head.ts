import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import type { AuditHead } from './audit-sealed.ts'

/** The last link of the chain, as it is now. */
export async function readHead({ db, tenantId, now }: Work<Owned<'control.audit_chain'>>): Promise<AuditHead> {
  const last = await db
    .selectFrom('control.audit_chain')
    .select(['number', 'link'])
    .where('tenant_id', '=', tenantId)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()
  return { number: last?.number ?? 0, link: last?.link.toString('hex') ?? null, at: now.toISOString() }
}
