/** Values for every template that ships, in the shape in which sources and callers give them. */
const plant = {
  ...{ name: 'Carpi Nord', code: 'PV-MO-001', type: 'Photovoltaic', type_label: 'Fotovoltaico', power_kw: 998.4 },
  ...{ address: 'Via dell’Industria 12', municipality: 'Carpi', province: 'MO', pod: 'IT001E12345678' },
  ...{ gaudi_code: 'IM_0123456', adm_license_code: 'MOE00123A', commissioning_date: '2011-04-27' },
}
const company = {
  ...{ name: 'Energia Città S.r.l.', address: 'Corso Alberto Pio 5, 41012 Carpi (MO)', vat_number: '00743110157' },
  pec: 'energia.citta@pec.example.it',
}
const person = (name: string) => ({
  ...{
    name,
    birth_place: 'Forlì',
    birth_date: '1974-03-01',
    tax_code: 'RSSGLI74C41D704X',
    role: 'legale rappresentante',
  },
  address: 'Via Però 3, Carpi (MO)',
})
const common = { plant, company, user: { name: 'Niccolò Però' }, place: 'Carpi', today: '2026-11-21' }

const control = (index: number) => ({
  ...{
    control_point: 'CCP1',
    description: 'Temperatura al cuore',
    measured_at: `2026-11-20T0${6 + (index % 3)}:15:00Z`,
  },
  ...{
    min: 72,
    max: 85,
    value: index === 2 ? 70.5 : 74.25,
    unit: '°C',
    outcome: index === 2 ? 'fuori limite' : 'conforme',
  },
  corrective_action: index === 2 ? 'Essiccato di nuovo per 20 minuti; misura ripetuta e conforme' : null,
})

const SAMPLES: Record<string, Record<string, unknown>> = {
  delegation: {
    ...common,
    ...{
      subject: 'Pratica di connessione e registrazione GAUDÌ',
      delegator: person('Giulia Rossi'),
      delegate: person('Nicolò Bianchi'),
    },
    ...{ authority: 'e-distribuzione S.p.A. e Terna S.p.A.', valid_until: '2027-12-31' },
    acts: [
      'presentare la domanda di connessione e le sue integrazioni',
      'registrare l’impianto su GAUDÌ',
      'ritirare atti e comunicazioni',
    ],
  },
  'self-declaration': {
    ...common,
    ...{
      kind: 'affidavit',
      recipient: 'Gestore dei Servizi Energetici – GSE S.p.A.',
      declarant: person('Giulia Rossi'),
    },
    statements: [
      'che i moduli fotovoltaici sostituiti il 21/10/2026 sono stati conferiti a un sistema collettivo, per un costo di 1.234,50 €;',
      'che la potenza nominale dell’impianto non è aumentata.',
    ],
  },
  'cover-letter': {
    ...common,
    ...{
      recipient: {
        name: 'Agenzia delle Dogane e dei Monopoli',
        office: 'Ufficio di Modena',
        pec: 'dogane.modena@pec.example.it',
      },
    },
    ...{ subject: 'Trasmissione certificati di taratura', reference: 'prot. 12345/RU del 10/11/2026' },
    body: 'con la presente si trasmettono i certificati di verifica dei contatori fiscali dell’impianto in oggetto.\nSi resta a disposizione per ogni chiarimento.',
    attachments: ['Certificato contatore MT13617152', 'Schema unifilare'],
    signatory: { name: 'Giulia Rossi', role: 'legale rappresentante' },
  },
  'maintenance-report': {
    ...common,
    period: { from: '2026-10-01', to: '2026-10-31', time_zone: 'Europe/Rome' },
    ...{ technician: 'Elettro Più S.n.c.', remarks: 'Si consiglia la pulizia dei moduli entro dicembre.' },
    maintenance: {
      ...{ hours: 1031.5, planned_hours: 3.5 },
      stoppages: [
        {
          ...{ starts_at: '2026-10-04T07:00:00Z', ends_at: '2026-10-04T10:30:00Z', hours: 3.5 },
          ...{
            category: 'planned_maintenance',
            category_label: 'Manutenzione programmata',
            cause: 'Verifica annuale del trasformatore',
            note: 'olio nei limiti',
          },
        },
        {
          ...{ starts_at: '2026-10-24T22:30:00Z', ends_at: null, hours: 1028 },
          ...{
            category: 'own_failure',
            category_label: 'Guasto proprio',
            cause: 'Inverter 3 fermo per guasto di isolamento',
            note: null,
          },
        },
      ],
    },
    works: [
      {
        date: '2026-10-04',
        component: 'Trasformatore MT/BT',
        description: 'Analisi dell’olio, serraggi, pulizia',
        outcome: 'positivo',
      },
    ],
  },
  'batch-record': {
    ...common,
    batch: {
      ...{
        number: 'L-2026-0417',
        product_code: 'PENNE-500',
        product_name: 'Penne rigate 500 g',
        line_name: 'Linea corta 1',
      },
      ...{ started_at: '2026-11-20T05:00:00Z', ended_at: '2026-11-20T13:30:00Z', planned_quantity: 1200, unit: 'kg' },
      ...{ recipe_revision: 3, status_label: 'completato', time_zone: 'Europe/Rome' },
      ...{ good_quantity: 1180.5, scrap_quantity: 15, rework_quantity: 4.5, yield_rate: 0.98375, oee: 0.812 },
      cost_per_unit: { amount: 0.985, currency: 'EUR' },
      ingredients: [
        { material: 'Semola di grano duro', quantity: 1, unit: 'kg' },
        { material: 'Acqua', quantity: 0.31, unit: 'l' },
      ],
      inputs: [
        {
          ...{
            at: '2026-11-20T04:50:00Z',
            material: 'Semola di grano duro',
            code: 'SEM-0911',
            supplier: 'Molino Però',
          },
          ...{ expiry_date: '2027-05-31', quantity: 1250, unit: 'kg' },
        },
      ],
      controls: [0, 1, 2].map(control),
      holds: [],
      scrap_reasons: [{ reason: 'rottura', quantity: 15 }],
      outputs: [{ at: '2026-11-20T13:30:00Z', code: 'PF-0417', material: 'PENNE-500', quantity: 1180.5, unit: 'kg' }],
    },
    ...{ decision: 'released', production_name: 'Marta Orsi', quality_name: 'Luca Neri' },
  },
  'field-sheet': {
    ...common,
    declaration: {
      year: 2026,
      year_text: '2026',
      half: 2,
      activity_code: '1',
      opens_on: '2027-01-01',
      due_on: '2027-03-31',
    },
    panel_a: [7, 8, 9, 10, 11, 12].map((month) => ({
      ...{ month, meter: 'MT13617152', reading_now: 4300.5 + month * 100, reading_before: 4200.5 + month * 100 },
      ...{ difference: 100, constant_k: 60, kwh: 6000 },
    })),
    panel_c: [7, 8, 9, 10, 11, 12].map((month) => ({ month, meter: 'per differenza', kind: 'L2', kwh: 1000 })),
    panel_g: [7, 8, 9, 10, 11, 12].map((month) => ({
      ...{
        month,
        type: 'B',
        receiver: '05779711000',
        meter: 'MT99887766',
        reading_now: 810.25 + month,
        reading_before: 809.25 + month,
      },
      ...{ difference: 1, constant_k: 5000, kwh: 5000 },
    })),
    totals: { a_kwh: 36000, c_kwh: 6000, g_kwh: 30000, balance_kwh: 0 },
  },
}

/** Values of one template, without what it does not ask for. */
export const samplesOf = (id: string): Record<string, unknown> => structuredClone(SAMPLES[id]!)
