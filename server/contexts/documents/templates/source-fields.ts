import { field, optional, type Field } from './field.ts'

const of = (source: string, fields: readonly Field[]): Field[] =>
  fields.map((one) => ({ ...one, name: `${source}.${one.name}`, source: `${source}.${one.name}` }))
const number = { type: 'number' } as const
const date = { type: 'date' } as const
const datetime = { type: 'datetime' } as const

const plant = of('plant', [
  field('name', 'Impianto', 'Plant'),
  field('code', 'Codice interno dell’impianto', 'Internal code of the plant'),
  field('type', 'Fonte (parola inglese)', 'Source (as the API says it)'),
  field('type_label', 'Fonte', 'Source'),
  field('power_kw', 'Potenza nominale, kW', 'Nominal power, kW', number),
  field('address', 'Indirizzo', 'Address'),
  field('municipality', 'Comune', 'Municipality'),
  field('province', 'Provincia', 'Province'),
  field('region', 'Regione', 'Region'),
  field('pod', 'POD', 'POD'),
  field('gaudi_code', 'CENSIMP (GAUDÌ)', 'CENSIMP (GAUDÌ)'),
  field('up_code', 'Codice UP', 'UP code'),
  field('rup_code', 'Codice RUP', 'RUP code'),
  field('sapr_code', 'Codice SAPR', 'SAPR code'),
  field('adm_license_code', 'Codice ditta ADM', 'ADM licence code'),
  field('dso', 'Distributore', 'Grid operator'),
  field('voltage_kv', 'Tensione, kV', 'Voltage, kV', number),
  field('connection_power_kw', 'Potenza in immissione, kW', 'Connection power, kW', number),
  field('regime', 'Regime', 'Regime'),
  field('commissioning_date', 'Entrata in esercizio', 'In operation since', date),
  field('owner_name', 'Soggetto responsabile', 'Responsible party'),
  field('vat_number', 'Partita IVA del soggetto responsabile', 'VAT number of the responsible party'),
])
const company = of('company', [field('name', 'Società', 'Company')])
const user = of('user', [field('name', 'Nome di chi compila', 'Name of who fills it in')])
const clock = of('clock', [field('today', 'Data', 'Date', date)])

const period = of('period', [
  field('from', 'Periodo: dal', 'Period: from', date),
  field('to', 'Periodo: al (compreso)', 'Period: to (included)', date),
  field('time_zone', 'Fuso orario', 'Time zone'),
])
const maintenance = of('maintenance', [
  field('hours', 'Ore di fermata nel periodo', 'Hours of stoppage in the period', number),
  field('planned_hours', 'Ore di manutenzione programmata', 'Hours of planned maintenance', number),
  field('stoppages', 'Fermate e limitazioni', 'Stoppages and curtailments', {
    type: 'list',
    items: [
      field('starts_at', 'Inizio', 'Start', datetime),
      optional(field('ends_at', 'Fine', 'End', datetime)),
      field('hours', 'Ore nel periodo', 'Hours in the period', number),
      field('category', 'Categoria (parola dell’API)', 'Category (as the API says it)'),
      field('category_label', 'Categoria', 'Category'),
      field('cause', 'Causa', 'Cause'),
      optional(field('note', 'Note', 'Note')),
    ],
  }),
])

const quantity = field('quantity', 'Quantità', 'Quantity', number)
const unit = field('unit', 'Unità', 'Unit')
const at = field('at', 'Data e ora', 'Date and time', datetime)
const batchLists = [
  field('ingredients', 'Ricetta', 'Recipe', {
    type: 'list',
    items: [field('material', 'Materiale', 'Material'), quantity, unit],
  }),
  field('inputs', 'Lotti in ingresso', 'Lots that went in', {
    type: 'list',
    items: [
      ...[at, field('material', 'Materiale', 'Material'), field('code', 'Lotto', 'Lot'), quantity, unit],
      optional(field('supplier', 'Fornitore', 'Supplier')),
      optional(field('expiry_date', 'Scadenza', 'Expiry', date)),
    ],
  }),
  field('outputs', 'Lotti ottenuti', 'Lots that came out', {
    type: 'list',
    items: [at, field('material', 'Materiale', 'Material'), field('code', 'Lotto', 'Lot'), quantity, unit],
  }),
  field('controls', 'Misure ai punti di controllo', 'Measurements at control points', {
    type: 'list',
    items: [
      ...[field('control_point', 'Punto', 'Point'), optional(field('description', 'Descrizione', 'Description'))],
      ...[
        field('measured_at', 'Data e ora', 'Date and time', datetime),
        field('value', 'Misura', 'Value', number),
        unit,
      ],
      ...[optional(field('min', 'Minimo', 'Lowest', number)), optional(field('max', 'Massimo', 'Highest', number))],
      field('outcome', 'Esito', 'Outcome'),
      optional(field('corrective_action', 'Azione correttiva', 'Corrective action')),
    ],
  }),
  field('holds', 'Fermi', 'Holds', {
    type: 'list',
    items: [
      field('starts_at', 'Dal', 'From', datetime),
      optional(field('ends_at', 'Al', 'To', datetime)),
      field('reason', 'Motivo', 'Reason'),
    ],
  }),
  field('scrap_reasons', 'Motivi di scarto', 'Reasons of scrap', {
    type: 'list',
    items: [field('reason', 'Motivo', 'Reason'), quantity],
  }),
]
const batch = of('batch', [
  field('number', 'Lotto di produzione', 'Batch'),
  field('product_code', 'Codice prodotto', 'Product code'),
  field('product_name', 'Prodotto', 'Product'),
  field('line_name', 'Linea', 'Line'),
  field('status', 'Stato (parola dell’API)', 'State (as the API says it)'),
  field('status_label', 'Stato', 'State'),
  field('planned_quantity', 'Quantità prevista', 'Planned quantity', number),
  unit,
  field('started_at', 'Inizio', 'Start', datetime),
  field('ended_at', 'Fine', 'End', datetime),
  field('good_quantity', 'Conforme', 'Good', number),
  field('scrap_quantity', 'Scarto', 'Scrap', number),
  field('rework_quantity', 'Rilavorazione', 'Rework', number),
  field('yield_rate', 'Resa', 'Yield', number),
  field('oee', 'OEE', 'OEE', number),
  field('cost_per_unit', 'Costo per unità conforme', 'Cost per good unit', { type: 'money' }),
  field('recipe_revision', 'Revisione della ricetta', 'Recipe revision', number),
  field('time_zone', 'Fuso orario', 'Time zone'),
  ...batchLists,
])

/** All that the sources give, by its name in a template. */
export const sourceFields: readonly Field[] = [
  ...[plant, company, user, clock, period, maintenance, batch].flat(),
  field('today', 'Data', 'Date', { ...date, source: 'clock.today' }),
]
