import type { Condition } from './condition.ts'
import type { ObligationRule } from './obligation-rules.ts'

const POWER_PLANT: Condition = {
  all: [
    { field: 'type', op: 'in', value: ['Photovoltaic', 'Wind', 'Hydroelectric', 'Biomass', 'Geothermal'] },
    { field: 'status', op: 'eq', value: 'In Operation' },
  ],
}

const ABOVE_20_KW: Condition = { field: 'power_kw', op: 'gt', value: 20 }

const PARTIAL_SALE: Condition = { field: 'registry.sale_mode', op: 'eq', value: 'partial' }
const TOTAL_SALE: Condition = { field: 'registry.sale_mode', op: 'eq', value: 'total' }
const OWN_USE: Condition = { field: 'registry.self_consumption', op: 'eq', value: true }
const SALE_KNOWN: Condition = { field: 'registry.sale_mode', op: 'present' }
const SALE_UNKNOWN: Condition = { field: 'registry.sale_mode', op: 'absent' }
const OWN_USE_KNOWN: Condition = { field: 'registry.self_consumption', op: 'present' }

/** Either fact is enough; only where both are silent is the answer unknown. */
const SELF_CONSUMPTION: Condition = {
  any: [{ all: [SALE_KNOWN, PARTIAL_SALE] }, { all: [OWN_USE_KNOWN, OWN_USE] }, { all: [SALE_UNKNOWN, OWN_USE] }],
}

const TOTAL_SALE_ONLY: Condition = { all: [SALE_KNOWN, TOTAL_SALE, { not: { all: [OWN_USE_KNOWN, OWN_USE] } }] }

const PERIODICITY = 'registry.adm_periodicity'
const PERIODICITY_UNSAID: Condition = { field: PERIODICITY, op: 'absent' }
const periodicityIs = (value: string): Condition => ({
  all: [
    { field: PERIODICITY, op: 'present' },
    { field: PERIODICITY, op: 'eq', value },
  ],
})

const REVIEWED = '2026-11-21'
const CUSTOMS = {
  responsible_entity: 'Customs',
  reviewed_on: REVIEWED,
  shift: 'next_business_day',
  // DL 70/2011 art. 7 c.1 h: well-known, its text was not checked.
  shift_confidence: 'medium',
} as const

const MOUNTAIN = {
  when: { all: [ABOVE_20_KW, { field: 'power_kw', op: 'lte', value: 30 }] },
  text: 'In mountain areas the threshold may be 30 kW (L. 342/2000 art. 60; one weak source): ask the customs office.',
} satisfies ObligationRule['doubts'][number]

const BIOGAS = {
  when: { field: 'type', op: 'eq', value: 'Biomass' },
  text: 'Biogas plants may be excluded from the workshop report (one weak source): ask the customs office.',
} satisfies ObligationRule['doubts'][number]

const DECLARATION_DOUBT = {
  when: TOTAL_SALE_ONLY,
  text: 'Sources disagree on whether total-sale plants declare yearly or half-yearly; the registry entry was followed.',
} satisfies ObligationRule['doubts'][number]

/**
 * The Italian duties that this product knows, as of 2026. Rules, dates and thresholds are data to be corrected, not facts
 * of law: each row says where it is from, of which year that is and how sure it is.
 */
export const OBLIGATION_CATALOGUE: readonly ObligationRule[] = [
  {
    ...CUSTOMS,
    id: 'ADM-DICH-S',
    name_it: 'Dichiarazione semestrale energia elettrica',
    name_en: 'Half-yearly electricity declaration',
    portal: 'ADM (PUDM), System-to-System or User-to-System',
    legal_basis: 'TUA (D.Lgs. 504/1995) artt. 53, 55 as changed by D.Lgs. 43/2025; Circ. ADM 13/2025, 32/2025',
    source: 'qualenergia.it, energix.it, wpenergy.it on D.Lgs. 43/2025',
    source_year: 2025,
    confidence: 'high',
    applies: {
      all: [
        POWER_PLANT,
        ABOVE_20_KW,
        {
          any: [
            { all: [SELF_CONSUMPTION, { any: [PERIODICITY_UNSAID, periodicityIs('semiannual')] }] },
            { all: [TOTAL_SALE_ONLY, periodicityIs('semiannual')] },
          ],
        },
      ],
    },
    recurrence: {
      kind: 'fixed_dates',
      dates: [
        { period: 'H1', month: 9, day: 30, year_offset: 0 },
        { period: 'H2', month: 3, day: 31, year_offset: 1 },
      ],
      first_period_year: 2026,
      operating_by: 'period_end',
    },
    lead_days: 60,
    doubts: [MOUNTAIN, BIOGAS, DECLARATION_DOUBT],
  },
  {
    ...CUSTOMS,
    id: 'ADM-DICH-A',
    name_it: 'Dichiarazione annuale energia elettrica (AD-1)',
    name_en: 'Yearly electricity declaration',
    portal: 'ADM (PUDM), System-to-System or User-to-System',
    legal_basis: 'TUA (D.Lgs. 504/1995) artt. 53 c.8-9, 53-bis; Circ. ADM 34/2025',
    source: 'energix.it on the tax year 2025; practitioners disagree from 2026 on',
    source_year: 2025,
    confidence: 'low',
    applies: {
      all: [
        POWER_PLANT,
        ABOVE_20_KW,
        {
          any: [periodicityIs('annual'), { all: [TOTAL_SALE_ONLY, { field: PERIODICITY, op: 'eq', value: 'annual' }] }],
        },
      ],
    },
    recurrence: {
      kind: 'fixed_dates',
      dates: [{ period: 'Y', month: 3, day: 31, year_offset: 1 }],
      first_period_year: null,
      operating_by: 'period_end',
    },
    lead_days: 60,
    doubts: [MOUNTAIN, BIOGAS, DECLARATION_DOUBT],
  },
  {
    ...CUSTOMS,
    id: 'ADM-LIC',
    name_it: 'Diritto annuale di licenza',
    name_en: 'Yearly licence fee',
    portal: 'F24 accise, tax code 2813',
    legal_basis: 'TUA (D.Lgs. 504/1995) art. 63',
    source: 'assolombarda.it (fee for 2026); confindustriamacerata.it',
    source_year: 2026,
    confidence: 'high',
    applies: {
      all: [
        POWER_PLANT,
        {
          any: [{ field: 'registry.adm_license_code', op: 'present' }, { all: [ABOVE_20_KW, SELF_CONSUMPTION] }],
        },
      ],
    },
    // Paid from 1 to 16 December for the year that follows; the first fee is paid before the licence is issued.
    recurrence: {
      kind: 'fixed_dates',
      dates: [{ period: 'Y', month: 12, day: 16, year_offset: -1 }],
      first_period_year: null,
      operating_by: 'base_date',
    },
    lead_days: 30,
    doubts: [
      MOUNTAIN,
      BIOGAS,
      {
        when: { not: SELF_CONSUMPTION },
        text: 'Total-sale plants pay only if the customs office wrote the fee in its report.',
      },
      { when: { all: [] }, text: 'The amount (23.24 or 77.47 EUR in 2026) is the one written on the licence.' },
    ],
  },
  {
    id: 'DSO-SPI',
    name_it: 'Verifica del sistema di protezione di interfaccia con cassetta prova relè',
    name_en: 'Interface protection test with a relay test set',
    responsible_entity: 'DSO',
    portal: "The distributor's portal for producers",
    legal_basis: 'Del. ARERA 786/2016/R/eel; CEI 0-16, CEI 0-21',
    source: 'mc2servizi.com, aueei.com, studiotecnicoassenzio.it, omnia.pro on Del. 786/2016',
    source_year: 2016,
    reviewed_on: REVIEWED,
    confidence: 'high',
    applies: { all: [POWER_PLANT, { field: 'power_kw', op: 'gt', value: 11.08 }] },
    recurrence: {
      kind: 'every_years',
      years: 5,
      from_fields: ['registry.spi_tested_on', 'registry.commissioning_date'],
    },
    shift: 'none',
    shift_confidence: 'medium',
    lead_days: 90,
    doubts: [
      {
        when: { all: [{ field: 'registry.voltage_kv', op: 'lte', value: 1 }] },
        text: 'At low voltage the test is due for an external relay; an integrated one is tested by itself every year.',
      },
      {
        when: { all: [{ field: 'registry.voltage_kv', op: 'gt', value: 35 }] },
        text: 'The sources speak of low and medium voltage; for a connection above 35 kV ask the distributor.',
      },
    ],
  },
  {
    ...CUSTOMS,
    id: 'ADM-TAR',
    name_it: 'Verifica periodica dei contatori fiscali',
    name_en: 'Periodic verification of fiscal meters',
    portal: 'A laboratory in the list of ADM; certificate sent to the customs office',
    legal_basis: 'Circ. 28/D of 26-1-1998; Circ. 18/D and 23/D 2015 (CEI 13-71); Circ. ADM 9/2021',
    source: 'Circ. 28/D; studiovanzetta.it, forgreen.me, elettromeccanicaartigiana.it, tcnotiziario.it',
    source_year: 2021,
    confidence: 'high',
    applies: { all: [POWER_PLANT, ABOVE_20_KW, SELF_CONSUMPTION] },
    recurrence: { kind: 'per_meter', years_by_kind: { static: 3, electrodynamic: 5, direct_lv: 15 } },
    // A certificate that expires is no filing: that the tax rule moves its date was not found, so nothing is moved.
    shift: 'none',
    shift_confidence: 'low',
    lead_days: 90,
    doubts: [MOUNTAIN, BIOGAS],
  },
  {
    id: 'GSE-FM',
    name_it: 'Fuel Mix Disclosure',
    name_en: 'Fuel mix disclosure',
    responsible_entity: 'GSE',
    portal: 'GSE Area Clienti, Fuel Mix',
    legal_basis: 'DM 31-7-2009 art. 5',
    source: 'gse.it (2017), studiocaster.it, gruppoamira.it (2020); the window of 2026 and 2027 was not found',
    source_year: 2020,
    reviewed_on: REVIEWED,
    confidence: 'low',
    applies: {
      all: [
        POWER_PLANT,
        { field: 'registry.sale_mode', op: 'in', value: ['partial', 'total'] },
        {
          not: {
            any: [
              {
                field: 'registry.regime',
                op: 'in',
                value: ['SSP', 'SSP legacy', 'Scambio sul posto', 'CIP6', 'CIP 6', 'CIP6/92'],
              },
              {
                all: [
                  { field: 'type', op: 'eq', value: 'Photovoltaic' },
                  { field: 'power_kw', op: 'lte', value: 1000 },
                  {
                    field: 'registry.regime',
                    op: 'in',
                    value: ['V Conto Energia', 'Conto Energia V', 'Quinto Conto Energia', 'Conto Energia 5', 'CE5'],
                  },
                ],
              },
            ],
          },
        },
      ],
    },
    recurrence: {
      kind: 'fixed_dates',
      dates: [{ period: 'Y', month: 3, day: 31, year_offset: 1 }],
      first_period_year: null,
      operating_by: 'period_end',
    },
    shift: 'none',
    shift_confidence: 'medium',
    lead_days: 45,
    doubts: [
      { when: { all: [] }, text: 'GSE has moved this date in some years (once to 22 May): read its notice.' },
      {
        when: {
          all: [
            { field: 'type', op: 'eq', value: 'Photovoltaic' },
            { field: 'power_kw', op: 'lte', value: 1000 },
            { field: 'registry.regime', op: 'contains', value: 'conto energia' },
          ],
        },
        text: 'Photovoltaic plants up to 1 MW in the fifth Conto Energia are exempt: say which Conto Energia it is.',
      },
    ],
  },
]
