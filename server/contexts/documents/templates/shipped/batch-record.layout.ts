import {
  facts,
  mark,
  paper,
  rowsOf,
  section,
  signatures,
  small,
  text,
  title,
  wordsOf,
  type Part,
  type Words,
} from './paper.ts'
import type { Language } from '../formats.ts'

const none = (say: Words, list: string): Part[] => [
  mark(`{^${list}}`),
  text(say('Nessuna registrazione.', 'Nothing on record.')),
  mark(`{/${list}}`),
]

const beginning = (say: Words): Part[] => [
  ...title(say('SCHEDA DI LOTTO', 'BATCH RECORD'), '{batch.product_name | or —} · {batch.number}'),
  facts([
    [say('Prodotto', 'Product'), '{batch.product_code} – {batch.product_name | or —}'],
    [say('Lotto di produzione', 'Batch'), '{batch.number}'],
    [say('Stabilimento', 'Plant'), '{plant.name} ({plant.code})'],
    [say('Linea', 'Line'), '{batch.line_name}'],
    [say('Inizio', 'Start'), '{batch.started_at | datetime}'],
    [say('Fine', 'End'), '{batch.ended_at | datetime}'],
    [say('Quantità prevista', 'Planned'), '{batch.planned_quantity | number} {batch.unit}'],
    [say('Revisione ricetta', 'Recipe revision'), '{batch.recipe_revision | or —}'],
    [say('Stato', 'State'), '{batch.status_label}'],
    [say('Fuso orario', 'Time zone'), '{batch.time_zone}'],
  ]),
]

const recipe = (say: Words): Part[] => [
  section(say('1. Ricetta al momento dell’avvio', '1. Recipe as it was at the start')),
  ...none(say, 'batch.ingredients'),
  ...rowsOf('batch.ingredients', [
    [say('Ingrediente o materiale', 'Ingredient or material'), '{material}', 60],
    [say('Quantità', 'Quantity'), '{quantity | number}', 20, 'right'],
    [say('Unità', 'Unit'), '{unit}', 20],
  ]),
  section(say('2. Lotti in ingresso', '2. Lots that went in')),
  ...none(say, 'batch.inputs'),
  ...rowsOf('batch.inputs', [
    [say('Data e ora', 'Date and time'), '{at | datetime}', 18],
    [say('Materiale', 'Material'), '{material}', 26],
    [say('Lotto', 'Lot'), '{code}', 18],
    [say('Fornitore', 'Supplier'), '{supplier | or —}', 20],
    [say('Scadenza', 'Expiry'), '{expiry_date | date | or —}', 13],
    [say('Quantità', 'Quantity'), '{quantity | number} {unit}', 15, 'right'],
  ]),
]

const controls = (say: Words): Part[] => [
  section(say('3. Punti di controllo (HACCP)', '3. Control points (HACCP)')),
  ...none(say, 'batch.controls'),
  ...rowsOf('batch.controls', [
    [say('Punto', 'Point'), '{control_point} {description | or —}', 24],
    [say('Data e ora', 'Date and time'), '{measured_at | datetime}', 17],
    [say('Limiti', 'Limits'), '{min | number | or —} … {max | number | or —}', 14],
    [say('Misura', 'Value'), '{value | number} {unit}', 13, 'right'],
    [say('Esito', 'Outcome'), '{outcome}', 12],
    [say('Azione correttiva', 'Corrective action'), '{corrective_action | or —}', 20],
  ]),
  section(say('4. Fermi del lotto', '4. Holds')),
  ...none(say, 'batch.holds'),
  ...rowsOf('batch.holds', [
    [say('Dal', 'From'), '{starts_at | datetime}', 20],
    [say('Al', 'To'), '{ends_at | datetime | or —}', 20],
    [say('Motivo', 'Reason'), '{reason}', 60],
  ]),
]

const result = (say: Words): Part[] => [
  section(say('5. Risultato', '5. Result')),
  facts([
    [say('Conforme', 'Good'), '{batch.good_quantity | number} {batch.unit}'],
    [say('Scarto', 'Scrap'), '{batch.scrap_quantity | number} {batch.unit}'],
    [say('Rilavorazione', 'Rework'), '{batch.rework_quantity | number} {batch.unit}'],
    [say('Resa', 'Yield'), '{batch.yield_rate | percent 1 | or —}'],
    ['OEE', '{batch.oee | percent 1 | or —}'],
    [say('Costo per unità conforme', 'Cost per good unit'), '{batch.cost_per_unit | money 4 | or —}'],
  ]),
  text(say('Motivi di scarto', 'Reasons of scrap'), { before: 160, after: 80, keep: true }, { bold: true, size: 18 }),
  ...none(say, 'batch.scrap_reasons'),
  ...rowsOf('batch.scrap_reasons', [
    [say('Motivo', 'Reason'), '{reason}', 70],
    [say('Quantità', 'Quantity'), '{quantity | number} {batch.unit}', 30, 'right'],
  ]),
  text(say('Lotti ottenuti', 'Lots that came out'), { before: 160, after: 80, keep: true }, { bold: true, size: 18 }),
  ...none(say, 'batch.outputs'),
  ...rowsOf('batch.outputs', [
    [say('Data e ora', 'Date and time'), '{at | datetime}', 20],
    [say('Lotto', 'Lot'), '{code}', 30],
    [say('Materiale', 'Material'), '{material}', 30],
    [say('Quantità', 'Quantity'), '{quantity | number} {unit}', 20, 'right'],
  ]),
]

const decision = (say: Words): Part[] => [
  section(say('6. Decisione', '6. Decision')),
  text(
    say(
      '{decision | checkbox released} rilasciato     {decision | checkbox held} trattenuto     {decision | checkbox rejected} respinto',
      '{decision | checkbox released} released     {decision | checkbox held} held     {decision | checkbox rejected} rejected',
    ),
    { keep: true },
  ),
  text('{place}, {today | date long}', { before: 160, after: 200, keep: true }),
  signatures(
    say('Produzione: {production_name}', 'Production: {production_name}'),
    say('Qualità: {quality_name}', 'Quality: {quality_name}'),
  ),
  small(
    say(
      'Compilata da {user.name} dai dati registrati; la decisione è di chi firma.',
      'Made by {user.name} from what is on record; the decision is theirs who sign.',
    ),
    { before: 200 },
  ),
]

/** What one batch was made of, how, and what came out: every figure from the records of the floor. */
export function batchRecordLayout(language: Language) {
  const say = wordsOf(language)
  return paper({
    language,
    name: say('Scheda di lotto {batch.number}', 'Batch record {batch.number}'),
    head: '{company.name}',
    children: [...beginning(say), ...recipe(say), ...controls(say), ...result(say), ...decision(say)],
  })
}
