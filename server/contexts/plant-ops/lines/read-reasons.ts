import type { FloorWork } from '../tables.ts'
import type { LineStatus } from './line-status.ts'
import { lineRefusals } from './refusals.ts'
import { PUBLIC_REASONS, reasonNamed, type StopReason } from './stop-reasons.ts'

export type OwnReason = StopReason & { id: string | null; own: boolean }

/** The public reasons and those that the tenant has added. */
export async function readReasons({ db, tenantId }: FloorWork): Promise<OwnReason[]> {
  const own = await db
    .selectFrom('stop_reasons')
    .select(['id', 'code', 'name_it', 'name_en', 'statuses', 'failure'])
    .where('tenant_id', '=', tenantId)
    .where('retired_at', 'is', null)
    .orderBy('code')
    .execute()
  return [
    ...PUBLIC_REASONS.map((reason) => ({ ...reason, id: null, own: false })),
    ...own.map((row) => ({ ...row, statuses: row.statuses as LineStatus[], number: null, own: true })),
  ]
}

/** The code of the reason that is meant, which must be one of that state; null where none is given. */
export async function readReason(
  work: FloorWork,
  asked: string | null | undefined,
  statuses: readonly LineStatus[],
): Promise<string | null> {
  if (asked === undefined || asked === null) return null
  const reason = reasonNamed(asked, PUBLIC_REASONS) ?? reasonNamed(asked, await readReasons(work))
  const field = 'reason_code'
  if (reason === undefined) {
    throw lineRefusals.refuse('lines.reason_unknown', { details: [{ field, message: 'is not a known reason' }] })
  }
  if (!reason.statuses.some((status) => statuses.includes(status))) {
    const message = `is a reason of ${reason.statuses.join(', ')}`
    throw lineRefusals.refuse('lines.reason_of_other_state', { details: [{ field, message }] })
  }
  return reason.code
}
