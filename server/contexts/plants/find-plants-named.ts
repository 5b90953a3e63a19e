import { sql } from 'kysely'
import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'

type Tables = Owned<'plants' | 'plant_registries'>

/** What stands in a text: codes in their normal form, and runs of words in lower case that may be a plant's name or code. */
export type WordsOfPlants = {
  pods: readonly string[]
  gaudi_codes: readonly string[]
  up_codes: readonly string[]
  adm_license_codes: readonly string[]
  names: readonly string[]
}

/** A plant, and by which of its names or codes it was found; `value` as it was asked for. */
export type PlantNamed = {
  id: string
  by: 'pod' | 'gaudi_code' | 'up_code' | 'adm_license_code' | 'code' | 'name'
  value: string
}

/** The live plants in scope that any of this names, each as often as it is named in different ways. At most `limit`. */
export async function findPlantsNamed(
  { db, tenantId }: Work<Tables>,
  { pods, gaudi_codes, up_codes, adm_license_codes, names }: WordsOfPlants,
  limit: number,
): Promise<PlantNamed[]> {
  // A POD's fifteenth character is a control character: the same point with and without it.
  const points = pods.map((pod) => pod.slice(0, 14))
  // One list per question, so that PostgreSQL hashes it: a page has some thousand runs of words, a company some thousand plants.
  const { rows } = await sql<PlantNamed>`
    with live as (select id, lower(name) as name, lower(code) as code from plants where tenant_id = ${tenantId} and deleted_at is null),
         registered as (select r.plant_id as id, left(r.pod, 14) as pod, r.gaudi_code, r.up_code, r.adm_license_code
                          from plant_registries r join live on live.id = r.plant_id where r.tenant_id = ${tenantId})
    select id, 'pod' as by, pod as value from registered where pod = any (${points}::text[])
    union all select id, 'gaudi_code', gaudi_code from registered where gaudi_code = any (${gaudi_codes}::text[])
    union all select id, 'up_code', up_code from registered where up_code = any (${up_codes}::text[])
    union all select id, 'adm_license_code', adm_license_code from registered where adm_license_code = any (${adm_license_codes}::text[])
    union all select id, 'code', code from live where code = any (${names}::text[])
    union all select id, 'name', name from live where name = any (${names}::text[])
     order by 1, 2
     limit ${limit}`.execute(db)
  return rows
}
