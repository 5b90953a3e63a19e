import { sql } from 'kysely'
import { databaseRefusals } from '#platform/database/database-refusals.ts'
import { permissionsOf } from '#platform/events/read-events.ts'
import { dayIn, tenantTimeZone } from '#platform/tenancy/tenant-day.ts'
import type { TemplateWork } from '../tables.ts'
import type { Template } from './find-template.ts'
import type { Language } from './formats.ts'
import { templatesRefusals } from './refusals.ts'
import type { GenerateOrder } from './schemas.ts'
import type { TemplateSources, TemplateSubject } from './source.ts'
import type { Values } from './values.ts'

type Facts = { company: string; user: string | null; granted: string[] }

async function readFacts(work: TemplateWork): Promise<Facts> {
  const { rows } = await sql<Facts>`
    select (select t.name from control.tenants t where t.id = ${work.tenantId}) as company,
           (select u.name || ' ' || u.surname from control.users u where u.tenant_id = ${work.tenantId} and u.id = ${work.actor.id}) as user,
           ${permissionsOf(work)} as granted`.execute(work.db)
  return { ...rows[0]!, granted: rows[0]!.granted ?? [] }
}

/** Which sources the template's fields name; `place` names the plant's without need: where nobody may see plants it is asked for. */
const namedBy = ({ fields }: Template): Set<string> =>
  new Set(fields.flatMap(({ source }) => (source === null ? [] : [source.split('.')[0]!])))

type Read = { values: Values; time_zone: string; plant_id: string | null }

/**
 * What the sources say of the order's subject. A plant or batch that is not there, or out of scope, is refused the same: `templates.no_subject`. Who may
 * not see what a source reads is forbidden to have it printed.
 */
export async function readValues(
  work: TemplateWork,
  sources: TemplateSources,
  { template, language, order }: { template: Template; language: Language; order: GenerateOrder },
): Promise<Read> {
  const { company, user, granted } = await readFacts(work)
  const named = namedBy(template)
  const home = await tenantTimeZone(work)
  const read = async (name: keyof TemplateSources, subject: TemplateSubject): Promise<Values> => {
    const { permissions, read: ask } = sources[name]
    if (!permissions.every((one) => granted.includes(one))) throw databaseRefusals.refuse('auth.forbidden')
    const found = await ask(work, subject)
    if (found === null) throw templatesRefusals.refuse('templates.no_subject')
    return found
  }
  const { batch_id = null, period = null } = order
  const asked = { plant_id: order.plant_id ?? null, batch_id, period, language, time_zone: home }
  const batch = batch_id !== null ? await read('batch', asked) : {}
  const plant_id = (batch['plant_id'] as string | undefined) ?? asked.plant_id
  if (asked.plant_id !== null && plant_id?.toLowerCase() !== asked.plant_id.toLowerCase()) {
    throw templatesRefusals.refuse('templates.no_subject')
  }
  const of = { ...asked, plant_id }
  const plant = plant_id !== null ? await read('plant', of) : {}
  const time_zone = (plant['time_zone'] as string | undefined) ?? home
  const wantsStops = named.has('maintenance') && plant_id !== null && period !== null
  const maintenance = wantsStops ? await read('maintenance', { ...of, time_zone }) : {}
  const values = {
    ...{
      company: { name: company },
      user: { name: user },
      clock: { today: dayIn(time_zone, work.now) },
      plant,
      maintenance,
    },
    ...{ batch: { ...batch, time_zone }, period: period === null ? {} : { ...period, time_zone } },
  }
  return { values, time_zone, plant_id }
}
