import type { Detail } from '#platform/refusal.ts'
import { normaliseAdmLicenseCode, normaliseIdentifier, normaliseVatNumber } from './identifiers.ts'
import { checkMountings, checkRegistry } from './registry-check.ts'
import type { RegistryBody, RegistryFields } from './schemas.ts'

const NOTHING: RegistryFields = {
  ...{ pod: null, gaudi_code: null, up_code: null, rup_code: null, sapr_code: null, adm_license_code: null },
  ...{ adm_periodicity: null, dso: null, voltage_kv: null, connection_power_kw: null, regime: null },
  ...{ self_consumption: null, sale_mode: null, commissioning_date: null, spi_tested_on: null, owner_name: null },
  ...{ vat_number: null, tax_code: null, dc_power_kw: null, temperature_coefficient_per_c: null },
  ...{ sections: [], meters: [] },
}

const SPELLED = ['pod', 'gaudi_code', 'up_code', 'rup_code', 'sapr_code', 'tax_code'] as const

const spelled = (value: string | null, spell: (text: string) => string): string | null => {
  const text = value === null ? '' : spell(value)
  return text === '' ? null : text
}

/** The whole registry that a body describes, identifiers in the form in which they are compared. */
export function completeRegistry(body: RegistryBody): RegistryFields {
  const registry: RegistryFields = { ...NOTHING, ...body }
  for (const field of SPELLED) registry[field] = spelled(registry[field], normaliseIdentifier)
  registry.vat_number = spelled(registry.vat_number, normaliseVatNumber)
  registry.adm_license_code = spelled(registry.adm_license_code, normaliseAdmLicenseCode)
  registry.meters = registry.meters.map((meter) => ({ ...meter, serial: meter.serial.trim() }))
  return registry
}

/** Findings by the Italian rules; a plant elsewhere has other identifiers, of which nothing is known here. */
export function findingsOf(registry: RegistryFields, country: string): { errors: Detail[]; warnings: Detail[] } {
  const { errors, warnings } = country === 'IT' ? checkRegistry(registry) : { errors: [], warnings: [] }
  return { errors: [...errors, ...checkMountings(registry.meters)], warnings }
}

export const emptyRegistry = NOTHING
