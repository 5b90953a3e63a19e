import { sql, type Kysely } from 'kysely'
import type { Owned } from '#tables'
import type { Work } from '../../database/work.ts'
import { page, type Page } from '../../http/shapes.ts'
import { sortTerms } from '../../http/sort.ts'
import { webhookRefusals } from './webhook-refusals.ts'
import type { Webhook } from './webhook-schemas.ts'

type Tables = Owned<'control.webhooks' | 'control.tenants'>
type Reading = Work<Tables>
export const webhookSort = ['created_at', 'url'] as const
export type WebhookQuery = { limit: number; offset: number; sort?: string; q?: string; enabled?: boolean }

const STATE = sql<Webhook['state']>`case
  when not w.enabled then 'disabled'
  when t.status not in ('Active', 'Trial') or t.plan_expiry < current_date then 'suspended'
  when w.failures > 0 then 'failing' else 'active' end`

const selectWebhooks = (db: Kysely<Tables>, tenantId: string) =>
  db
    .selectFrom('control.webhooks as w')
    .innerJoin('control.tenants as t', 't.id', 'w.tenant_id')
    .where('w.tenant_id', '=', tenantId)
    .where('w.deleted_at', 'is', null)
    .select(['w.id', 'w.url', 'w.description', 'w.enabled', 'w.disabled_reason', 'w.disabled_at', 'w.failing_since'])
    .select(['w.revision', 'w.created_at', 'w.updated_at', 'w.created_by', 'w.updated_by', STATE.as('state')])
    .select(sql`coalesce(to_jsonb(w.event_types), '"all"')`.as('event_types'))
    .select(sql`coalesce(to_jsonb(w.plant_ids), '"all"')`.as('plant_scope'))
    .select(sql`case when w.previous_until > now() then w.previous_until end`.as('previous_secret_until'))
    .$castTo<Webhook>()

/** The company's webhooks, as far as whoever asks sees all of their plants; `q` finds parts of addresses and descriptions. */
export async function listWebhooks({ db, tenantId }: Reading, query: WebhookQuery): Promise<Page<Webhook>> {
  let found = selectWebhooks(db, tenantId)
  if (query.enabled !== undefined) found = found.where('w.enabled', '=', query.enabled)
  if (query.q !== undefined)
    found = found.where(
      sql<boolean>`position(lower(ext.unaccent(${query.q})) in lower(ext.unaccent(w.url || ' ' || coalesce(w.description, '')))) > 0`,
    )
  // At most fifty: counted where they are.
  let sorted = found
  for (const { field, direction } of sortTerms(query.sort, '-created_at'))
    sorted = sorted.orderBy(sql.ref(`w.${field}`), direction)
  const all = await sorted.orderBy('w.id').execute()
  return page(all.slice(query.offset, query.offset + query.limit), all.length, query)
}

/** One of them; a stranger's is not there. */
export async function getWebhook({ db, tenantId }: Reading, id: string): Promise<Webhook> {
  const found = await selectWebhooks(db, tenantId).where('w.id', '=', id).executeTakeFirst()
  if (found === undefined) throw webhookRefusals.refuse('webhooks.not_found')
  return found
}
