import {
  checkAdmLicenseCode,
  checkGaudiCode,
  checkMeterSerial,
  checkPod,
  checkRupCode,
  checkSaprCode,
  checkTaxCode,
  checkUpCode,
  checkVatNumber,
  type IdentifierCheck,
} from './identifiers.ts'
import type { MeterOfRegistry } from './plant-facts.ts'
import { KNOWN_METERS } from './schemas.ts'

/** A remark on one field; `field` is a path such as `vat_number` or `meters.0.serial`. */
export type RegistryFinding = { field: string; message: string }

/** Errors stop a registry from being saved, warnings are shown beside it. */
export type RegistryFindings = { errors: RegistryFinding[]; warnings: RegistryFinding[] }

const CHECKS = [
  ['pod', checkPod],
  ['gaudi_code', checkGaudiCode],
  ['up_code', checkUpCode],
  ['rup_code', checkRupCode],
  ['sapr_code', checkSaprCode],
  ['adm_license_code', checkAdmLicenseCode],
  ['vat_number', checkVatNumber],
  ['tax_code', checkTaxCode],
] as const satisfies readonly (readonly [string, IdentifierCheck])[]

/** The part of a plant's registry that has rules; anything else in it is left alone. */
export type CheckableRegistry = { [field in (typeof CHECKS)[number][0]]?: string | null | undefined } & {
  meters?: readonly CheckableMeter[] | null | undefined
}

/** `constant_k` is the factor from reading to kWh, dimensionless and above zero. */
export type CheckableMeter = {
  serial?: string | null | undefined
  kind?: string | null | undefined
  constant_k?: number | null | undefined
}

/** Checks every identifier that is filled in; empty and absent fields are never a finding. */
export function checkRegistry(registry: CheckableRegistry): RegistryFindings {
  const findings: RegistryFindings = { errors: [], warnings: [] }
  for (const [field, check] of CHECKS) judge(findings, field, registry[field], check)
  const seen = new Set<string>()
  for (const [index, meter] of (registry.meters ?? []).entries()) checkMeter(findings, meter, `meters.${index}`, seen)
  return findings
}

/** What holds of meters in any country: a counter has a past that can be. */
export function checkMountings(meters: readonly MeterOfRegistry[]): RegistryFinding[] {
  return meters.flatMap((meter, index) => {
    const { mounted_at, removed_at, register_digits, register_at_mounting, register_at_removal } = meter
    const found: RegistryFinding[] = []
    if (mounted_at && removed_at && !(Date.parse(mounted_at) < Date.parse(removed_at))) {
      found.push({ field: `meters.${index}.removed_at`, message: 'must be after mounted_at' })
    }
    const range = register_digits ? 10 ** register_digits : Number.POSITIVE_INFINITY
    for (const [field, value] of Object.entries({ register_at_mounting, register_at_removal })) {
      const message = 'A counter of so few digits never shows it.'
      if ((value ?? 0) >= range) found.push({ field: `meters.${index}.${field}`, message })
    }
    return found
  })
}

function judge(findings: RegistryFindings, field: string, value: string | null | undefined, check: IdentifierCheck) {
  if (value === null || value === undefined || value.trim() === '') return
  const finding = check(value)
  if (finding) findings[`${finding.level}s`].push({ field, message: finding.message })
}

function checkMeter(findings: RegistryFindings, meter: CheckableMeter, path: string, seen: Set<string>) {
  judge(findings, `${path}.serial`, meter.serial, checkMeterSerial)
  const serial = meter.serial?.trim() ?? ''
  if (serial !== '' && seen.has(serial)) {
    findings.warnings.push({ field: `${path}.serial`, message: 'Another meter has the same serial.' })
  }
  seen.add(serial)
  if (meter.kind && !KNOWN_METERS.some((known) => known === meter.kind)) {
    const message = `How often such a meter is verified is not known; of ${KNOWN_METERS.join(', ')} it is.`
    findings.warnings.push({ field: `${path}.kind`, message })
  }
  const constant = meter.constant_k
  if (constant === null || constant === undefined) return
  if (!(Number.isFinite(constant) && constant > 0)) {
    findings.errors.push({ field: `${path}.constant_k`, message: 'The meter constant K must be above zero.' })
  } else if (constant >= 1e7 || Math.abs(constant * 1e4 - Math.round(constant * 1e4)) > 1e-4) {
    const message = 'The customs declaration accepts a constant K with 7 integer digits and 4 decimals.'
    findings.warnings.push({ field: `${path}.constant_k`, message })
  }
}
