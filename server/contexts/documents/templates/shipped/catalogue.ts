import { field, optional, taken, type Basis, type Field } from '../field.ts'
import type { Language } from '../formats.ts'
import { sourceFields } from '../source-fields.ts'
import { completeFieldSheet } from './field-sheet.ts'

/** A template that comes with the house. `version` rises when its files or fields change. */
export type Shipped = {
  readonly id: string
  readonly version: number
  readonly title: Readonly<Record<Language, string>>
  readonly description: Readonly<Record<Language, string>>
  readonly category: string
  readonly fields: readonly Field[]
  readonly basis: readonly Basis[]
  /** Works out what follows from the other values, where nobody gave it. */
  readonly complete?: (values: Record<string, unknown>) => Record<string, unknown>
}

const from = (required: string[], may: string[] = []): Field[] => taken(sourceFields, required, may)
const date = { type: 'date' } as const
const number = { type: 'number' } as const

const place = field('place', 'Luogo', 'Place', { source: 'plant.municipality' })
const companyData = [
  ...from(['company.name']),
  field('company.address', 'Sede della società', 'Registered office'),
  field('company.vat_number', 'Partita IVA della società', 'VAT number of the company'),
]
const person = (name: string, it: string, en: string): Field[] => [
  field(`${name}.name`, `${it}: nome e cognome`, `${en}: name and surname`),
  field(`${name}.birth_place`, `${it}: luogo di nascita`, `${en}: place of birth`),
  field(`${name}.birth_date`, `${it}: data di nascita`, `${en}: date of birth`, date),
  field(`${name}.tax_code`, `${it}: codice fiscale`, `${en}: tax code`),
]
const texts = (name: string, it: string, en: string): Field => field(name, it, en, { type: 'list' })

const DPR_445 = 'D.P.R. 28 dicembre 2000, n. 445 (Gazzetta Ufficiale n. 42 del 20 febbraio 2001, S.O. n. 30)'
const dpr = (text: string): Basis => ({ text, source: DPR_445, year: 2000, confidence: 'certain' })

const delegation: Shipped = {
  ...{ id: 'delegation', version: 1, category: 'delegation', title: { it: 'Delega', en: 'Delegation' } },
  description: {
    it: 'Delega ad agire per la società davanti a un ente o a un gestore di rete.',
    en: 'A delegation to act for the company before an authority or a grid operator.',
  },
  fields: [
    field('subject', 'Oggetto', 'Subject'),
    ...companyData,
    ...person('delegator', 'Delegante', 'Delegating party'),
    field('delegator.role', 'Delegante: qualifica', 'Delegating party: role'),
    ...person('delegate', 'Delegato', 'Delegate'),
    optional(field('delegate.company', 'Delegato: società o studio', 'Delegate: firm')),
    field('authority', 'Ente o gestore', 'Authority or operator'),
    texts('acts', 'Atti delegati', 'Acts'),
    field('valid_until', 'Valida fino al', 'Valid until', date),
    ...from(
      ['plant.name', 'plant.code', 'plant.municipality', 'plant.province', 'plant.pod'],
      ['plant.gaudi_code', 'plant.adm_license_code'],
    ),
    ...[place, ...from(['today'])],
  ],
  basis: [
    dpr('art. 38, comma 3: copia non autenticata del documento di identità'),
    dpr('art. 38, comma 3-bis: potere di rappresentanza per istanze e dichiarazioni'),
  ],
}

const selfDeclaration: Shipped = {
  ...{ id: 'self-declaration', version: 1, category: 'self-declaration' },
  title: { it: 'Dichiarazione sostitutiva (DSAN)', en: 'Self-declaration (DSAN)' },
  description: {
    it: 'Dichiarazione sostitutiva di certificazione o dell’atto di notorietà, artt. 46 e 47 D.P.R. 445/2000.',
    en: 'A declaration in place of a certificate or of an affidavit, artt. 46 and 47 of D.P.R. 445/2000.',
  },
  fields: [
    field('kind', 'Tipo: di certificazione o di atto di notorietà', 'Kind', {
      type: 'choice',
      choices: ['certificate', 'affidavit'],
    }),
    field('recipient', 'Destinatario', 'Recipient'),
    ...companyData,
    ...person('declarant', 'Dichiarante', 'Declarant'),
    field('declarant.address', 'Dichiarante: residenza', 'Declarant: residence'),
    field('declarant.role', 'Dichiarante: qualifica', 'Declarant: role'),
    texts('statements', 'Dichiarazioni', 'Statements'),
    ...from(
      ['plant.name', 'plant.type_label', 'plant.municipality', 'plant.province', 'plant.power_kw', 'plant.pod'],
      ['plant.address', 'plant.gaudi_code', 'plant.commissioning_date', 'plant.adm_license_code'],
    ),
    ...[place, ...from(['today'])],
  ],
  basis: [
    dpr('artt. 46 e 47: dichiarazioni sostitutive di certificazioni e dell’atto di notorietà'),
    dpr('art. 37: esenzione dall’imposta di bollo'),
    dpr('art. 38: modalità di invio e sottoscrizione'),
    dpr('artt. 75 e 76: decadenza dai benefici, norme penali'),
  ],
}

const coverLetter: Shipped = {
  ...{
    id: 'cover-letter',
    version: 1,
    category: 'letter',
    title: { it: 'Lettera di trasmissione via PEC', en: 'Cover letter by PEC' },
  },
  description: {
    it: 'Lettera che accompagna documenti inviati per posta elettronica certificata.',
    en: 'A letter that goes with documents sent by certified mail.',
  },
  fields: [
    ...companyData,
    field('company.pec', 'PEC della società', 'Certified mail of the company'),
    field('recipient.name', 'Destinatario', 'Recipient'),
    optional(field('recipient.office', 'Destinatario: ufficio', 'Recipient: office')),
    field('recipient.pec', 'Destinatario: PEC', 'Recipient: certified mail'),
    field('subject', 'Oggetto', 'Subject'),
    optional(field('reference', 'Riferimento o protocollo', 'Reference or protocol number')),
    field('body', 'Testo', 'Text'),
    texts('attachments', 'Allegati', 'Attachments'),
    field('signatory.name', 'Firmatario', 'Signatory'),
    field('signatory.role', 'Firmatario: qualifica', 'Signatory: role'),
    ...from([], ['plant.name', 'plant.pod', 'plant.municipality', 'plant.province', 'plant.gaudi_code']),
    ...[place, ...from(['today'])],
  ],
  basis: [],
}

const maintenanceReport: Shipped = {
  ...{ id: 'maintenance-report', version: 1, category: 'maintenance' },
  title: { it: 'Rapporto di manutenzione', en: 'Maintenance report' },
  description: {
    it: 'Fermate dichiarate di un impianto in un periodo, interventi eseguiti, osservazioni.',
    en: 'The declared stoppages of a plant in a period, work carried out, remarks.',
  },
  fields: [
    ...from(
      ['company.name', 'plant.name', 'plant.code', 'plant.type_label'],
      ['plant.municipality', 'plant.province', 'plant.pod', 'plant.power_kw'],
    ),
    ...from(['period.from', 'period.to', 'period.time_zone']),
    ...from(['maintenance.stoppages', 'maintenance.hours', 'maintenance.planned_hours']),
    field('technician', 'Incaricato', 'In charge'),
    field('works', 'Interventi eseguiti', 'Work carried out', {
      type: 'list',
      items: [
        field('date', 'Data', 'Date', date),
        field('component', 'Componente', 'Component'),
        field('description', 'Attività svolta', 'Work done'),
        field('outcome', 'Esito', 'Outcome'),
      ],
    }),
    optional(field('remarks', 'Osservazioni', 'Remarks')),
    ...[place, ...from(['today'])],
  ],
  basis: [],
}

const batchRecord: Shipped = {
  ...{ id: 'batch-record', version: 1, category: 'batch-record', title: { it: 'Scheda di lotto', en: 'Batch record' } },
  description: {
    it: 'Un lotto di produzione dai dati registrati: ricetta, lotti in ingresso, punti di controllo, fermi, risultato, decisione.',
    en: 'A batch from what is on record: recipe, lots that went in, control points, holds, result, decision.',
  },
  fields: [
    ...from(['company.name', 'plant.name', 'plant.code']),
    ...from(
      [
        ...['batch.number', 'batch.product_code', 'batch.line_name', 'batch.status_label', 'batch.planned_quantity'],
        ...['batch.unit', 'batch.started_at', 'batch.ended_at', 'batch.good_quantity', 'batch.scrap_quantity'],
        ...['batch.rework_quantity', 'batch.time_zone', 'batch.ingredients', 'batch.inputs', 'batch.outputs'],
        ...['batch.controls', 'batch.holds', 'batch.scrap_reasons'],
      ],
      ['batch.product_name', 'batch.recipe_revision', 'batch.yield_rate', 'batch.oee', 'batch.cost_per_unit'],
    ),
    field('decision', 'Decisione', 'Decision', { type: 'choice', choices: ['released', 'held', 'rejected'] }),
    field('production_name', 'Responsabile di produzione', 'Head of production'),
    field('quality_name', 'Responsabile qualità', 'Head of quality'),
    ...[...from(['user.name']), place, ...from(['today'])],
  ],
  basis: [],
}

const readings = [
  field('month', 'Mese, 1–12', 'Month, 1–12', number),
  field('meter', 'Matricola', 'Serial'),
  optional(field('reading_now', 'Lettura attuale', 'Reading now', number)),
  optional(field('reading_before', 'Lettura precedente', 'Reading before', number)),
  optional(field('difference', 'Differenza', 'Difference', number)),
  optional(field('constant_k', 'Costante K', 'Constant K', number)),
  field('kwh', 'kWh', 'kWh', number),
]
const panel = (name: string, it: string, en: string, items: readonly Field[]): Field =>
  field(name, it, en, { type: 'list', items })

const fieldSheet: Shipped = {
  ...{ id: 'field-sheet', version: 1, category: 'field-sheet', complete: completeFieldSheet },
  title: { it: 'Foglio di compilazione ADM, semestrale', en: 'ADM field sheet, half-yearly' },
  description: {
    it: 'Dichiarazione semestrale di energia elettrica, quadro per quadro, per compilarla sul portale (U2S). Non è la dichiarazione.',
    en: 'The half-yearly electricity declaration, panel by panel, for typing it into the portal (U2S). It is not the declaration.',
  },
  fields: [
    ...from([
      'company.name',
      'plant.name',
      'plant.adm_license_code',
      'plant.municipality',
      'plant.province',
      'plant.pod',
    ]),
    field('declaration.year', 'Anno', 'Year', number),
    field('declaration.half', 'Semestre, 1 o 2', 'Half, 1 or 2', number),
    field('declaration.activity_code', 'Codice attività', 'Activity code'),
    field('declaration.year_text', 'Anno, in cifre', 'Year, in digits', { source: 'worked out' }),
    field('declaration.opens_on', 'Presentazione: dal', 'Filed from', { ...date, source: 'worked out' }),
    field('declaration.due_on', 'Presentazione: al', 'Filed until', { ...date, source: 'worked out' }),
    panel('panel_a', 'Quadro A: produzione', 'Panel A: production', readings),
    panel('panel_c', 'Quadro C: usi propri esenti', 'Panel C: own use, exempt', [
      field('month', 'Mese, 1–12', 'Month, 1–12', number),
      field('meter', 'Matricola o modo di calcolo', 'Serial, or how it was worked out'),
      field('kind', 'Tipologia', 'Kind'),
      field('kwh', 'kWh', 'kWh', number),
    ]),
    panel('panel_g', 'Quadro G: energia uscente', 'Panel G: energy going out', [
      ...[...readings, field('type', 'Tipo', 'Type'), field('receiver', 'Destinatario', 'Receiver')],
    ]),
    ...(['a', 'c', 'g'] as const).map((of) =>
      field(`totals.${of}_kwh`, `Totale ${of.toUpperCase()}, kWh`, `Total ${of.toUpperCase()}, kWh`, {
        ...number,
        source: 'worked out',
      }),
    ),
    field('totals.balance_kwh', 'A − C − G, kWh', 'A − C − G, kWh', { ...number, source: 'worked out' }),
    ...[...from(['user.name']), place, ...from(['today'])],
  ],
  basis: [
    {
      text: 'Dichiarazione semestrale: gennaio–giugno dal 1º luglio al 30 settembre, luglio–dicembre dal 1º gennaio al 31 marzo',
      source: 'D.Lgs. 504/1995 (TUA), artt. 53 e 55, come modificato dal D.Lgs. 43/2025; qualenergia.it, energix.it',
      ...{ year: 2025, confidence: 'found' },
    },
    {
      text: 'Quadri A, C e G e le loro colonne; tipologia L2; tipo B',
      source: 'Una realizzazione di terzi che riporta lo schema XML di ADM; lo schema stesso non è stato visto',
      ...{ year: 2026, confidence: 'unverified' },
    },
  ],
}

export const SHIPPED: readonly Shipped[] = [
  delegation,
  selfDeclaration,
  coverLetter,
  maintenanceReport,
  batchRecord,
  fieldSheet,
]
export const shippedOf = (id: string): Shipped | null => SHIPPED.find((one) => one.id === id) ?? null
