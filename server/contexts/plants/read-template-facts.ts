import { sql } from 'kysely'
import type { EdgeWork } from '#platform/database/work.ts'
import { knownTimeZone } from '#platform/tenancy/tenant-day.ts'
import { plantRefusals } from './refusals.ts'
import type { StoppageCategory } from './stoppages/stoppage-category.ts'
import type { PlantWork } from './tables.ts'

type Language = 'it' | 'en'
/** What a document is to be about; days are of `time_zone`, both included. */
type Subject = {
  readonly plant_id: string | null
  readonly period: { readonly from: string; readonly to: string } | null
  readonly language: Language
  readonly time_zone: string
}

const TYPES: Record<string, Record<Language, string>> = {
  Photovoltaic: { it: 'Fotovoltaica', en: 'Photovoltaic' },
  Wind: { it: 'Eolica', en: 'Wind' },
  Hydroelectric: { it: 'Idroelettrica', en: 'Hydroelectric' },
  Biomass: { it: 'Biomassa', en: 'Biomass' },
  Geothermal: { it: 'Geotermica', en: 'Geothermal' },
  Food: { it: 'Stabilimento alimentare', en: 'Food plant' },
}

const CATEGORIES: Record<StoppageCategory, Record<Language, string>> = {
  own_failure: { it: 'Guasto dell’impianto', en: 'Own failure' },
  planned_correction: { it: 'Riparazione programmata', en: 'Planned correction' },
  planned_maintenance: { it: 'Manutenzione programmata', en: 'Planned maintenance' },
  grid: { it: 'Rete', en: 'Grid' },
  curtailment: { it: 'Limitazione richiesta', en: 'Curtailment' },
  environment: { it: 'Cause ambientali', en: 'Environment' },
  external: { it: 'Causa esterna', en: 'External' },
  force_majeure: { it: 'Forza maggiore', en: 'Force majeure' },
}

type Row = Record<string, unknown> & { type: string; time_zone: string | null }

/** A live plant with what its registry says, for documents; null where it is not there or out of scope. */
async function readPlant({ db, tenantId }: PlantWork, { plant_id, language, time_zone }: Subject) {
  const { rows } = await sql<Row>`
    select p.id, p.name, p.code, p.type, p.power_kw, p.address, p.municipality, p.province, p.region, p.time_zone,
           r.pod, r.gaudi_code, r.up_code, r.rup_code, r.sapr_code, r.adm_license_code, r.dso, r.voltage_kv, r.connection_power_kw,
           r.regime, r.commissioning_date, r.owner_name, r.vat_number
      from plants p left join plant_registries r on r.tenant_id = p.tenant_id and r.plant_id = p.id
     where p.tenant_id = ${tenantId} and p.id = ${plant_id} and p.deleted_at is null`.execute(db)
  const [plant] = rows
  if (plant === undefined) return null
  const zone = plant.time_zone === null ? time_zone : knownTimeZone(plant.time_zone)
  return { ...plant, time_zone: zone, type_label: TYPES[plant.type]?.[language] ?? plant.type }
}

type Stop = { category: StoppageCategory; hours: number } & Record<string, unknown>
/** A document with more of them nobody reads. */
const MOST_STOPPAGES = 5_000

/** The declared stoppages that touch a period, with their hours in it as far as it has come; one after the other. */
async function readMaintenance({ db, tenantId, now }: PlantWork, { plant_id, period, language, time_zone }: Subject) {
  if (plant_id === null || period === null) return {}
  const [from, to] = [
    sql`(${period.from}::date)::timestamp at time zone ${time_zone}`,
    sql`least((${period.to}::date + 1)::timestamp at time zone ${time_zone}, ${now.toISOString()}::timestamptz)`,
  ]
  const { rows } = await sql<Stop>`
    select s.starts_at, s.ends_at, s.category, s.cause, s.note,
           extract(epoch from least(coalesce(s.ends_at, 'infinity'), ${to}) - greatest(s.starts_at, ${from}))::float8 / 3600 as hours
      from plant_stoppages s
     where s.tenant_id = ${tenantId} and s.plant_id = ${plant_id} and s.starts_at < ${to} and (s.ends_at is null or s.ends_at > ${from})
     order by s.starts_at, s.id limit ${MOST_STOPPAGES + 1}`.execute(db)
  if (rows.length > MOST_STOPPAGES) throw plantRefusals.refuse('stoppages.too_many')
  const sum = (of: readonly Stop[]): number => of.reduce((all, { hours }) => all + hours, 0)
  return {
    stoppages: rows.map((one) => ({ ...one, category_label: CATEGORIES[one.category][language] })),
    hours: sum(rows),
    planned_hours: sum(rows.filter(({ category }) => category === 'planned_maintenance')),
  }
}

/** What documents are told of a plant. */
export const plantTemplateFacts = {
  permissions: ['plants.read', 'registry.read'],
  read: (work: EdgeWork, subject: Subject) => readPlant(work, subject),
}
/** What documents are told of its stoppages in a period. */
export const maintenanceTemplateFacts = {
  permissions: ['plants.read'],
  read: (work: EdgeWork, subject: Subject) => readMaintenance(work, subject),
}
