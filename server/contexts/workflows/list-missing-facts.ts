import { dayIn, tenantTimeZone } from '#platform/tenancy/tenant-day.ts'
import { plantFacts } from '#contexts/plants'
import { obligationWindow, outlookOf } from './obligation-plan.ts'
import { textsOf } from './obligation-view.ts'
import { obligedPlant, type ObligationsWork } from './reconcile-obligations.ts'
import { workflowRefusals } from './refusals.ts'

/** What cannot be said about a plant's duties, and which facts are missing to say it. */
export async function listMissingFacts(work: ObligationsWork, plantId: string) {
  const facts = await plantFacts(work, plantId)
  if (facts === null || facts.deleted_at !== null) throw workflowRefusals.refuse('obligations.plant_not_found')
  const zone = await tenantTimeZone(work)
  const { from, to } = obligationWindow(dayIn(zone, work.now))
  const { missing } = outlookOf(obligedPlant(facts, zone), from, to)
  return {
    items: missing.map(({ obligation, fields, blocks }) => {
      const { name_it, name_en } = textsOf(obligation)
      return { obligation, name_it, name_en, fields: [...fields], blocks }
    }),
  }
}
