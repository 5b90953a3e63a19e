import {
  facts,
  mark,
  paper,
  rowsOf,
  closing,
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

const beginning = (say: Words): Part[] => [
  ...title(
    say('RAPPORTO DI MANUTENZIONE', 'MAINTENANCE REPORT'),
    say(
      '{plant.name} · dal {period.from | date} al {period.to | date}',
      '{plant.name} · from {period.from | date} to {period.to | date}',
    ),
  ),
  facts([
    [say('Impianto', 'Plant'), '{plant.name} ({plant.code})'],
    [say('Fonte', 'Source'), '{plant.type_label}'],
    [say('Ubicazione', 'Place'), '{plant.municipality | or —} ({plant.province | or —})'],
    ['POD', '{plant.pod | or —}'],
    [say('Potenza nominale', 'Nominal power'), '{plant.power_kw | unit kW | or —}'],
    [say('Incaricato', 'In charge'), '{technician}'],
  ]),
]

const stoppages = (say: Words): Part[] => [
  section(say('1. Fermate e limitazioni', '1. Stoppages and curtailments')),
  mark('{^maintenance.stoppages}'),
  text(say('Nel periodo non risultano fermate dichiarate.', 'No stoppage was declared in the period.')),
  mark('{/maintenance.stoppages}'),
  ...rowsOf(
    'maintenance.stoppages',
    [
      [say('Inizio', 'Start'), '{starts_at | datetime}', 15],
      [say('Fine', 'End'), say('{ends_at | datetime | or in corso}', '{ends_at | datetime | or goes on}'), 15],
      [say('Ore nel periodo', 'Hours in period'), '{hours | number 1}', 10, 'right'],
      [say('Categoria', 'Category'), '{category_label}', 20],
      [say('Causa e note', 'Cause and notes'), '{cause}{#note}: {note}{/note}', 40],
    ],
    [say('Totale', 'Total'), '', '{maintenance.hours | number 1}', '{maintenance.stoppages.count}', ''],
  ),
  mark('{#maintenance.stoppages.any}'),
  small(
    say(
      'Di cui per manutenzione programmata: {maintenance.planned_hours | unit h 1}. Orari di {period.time_zone}.',
      'Of which planned maintenance: {maintenance.planned_hours | unit h 1}. Times of {period.time_zone}.',
    ),
    { before: 80 },
  ),
  mark('{/maintenance.stoppages.any}'),
]

const works = (say: Words): Part[] => [
  section(say('2. Interventi eseguiti', '2. Work carried out')),
  mark('{^works}'),
  text(say('Nessun intervento eseguito.', 'No work was carried out.')),
  mark('{/works}'),
  ...rowsOf('works', [
    [say('Data', 'Date'), '{date | date}', 14],
    [say('Componente', 'Component'), '{component}', 24],
    [say('Attività svolta', 'Work done'), '{description}', 42],
    [say('Esito', 'Outcome'), '{outcome}', 20],
  ]),
  section(say('3. Osservazioni', '3. Remarks')),
  closing(say('{remarks | or Nessuna osservazione.}', '{remarks | or No remarks.}')),
  text('{place}, {today | date long}', { before: 160, after: 200, keep: true }),
  signatures(
    say('Il tecnico incaricato', 'The technician in charge'),
    say('Per il gestore dell’impianto', 'For the plant operator'),
  ),
]

/** What stood still in a period, and what was done about it. */
export function maintenanceReportLayout(language: Language) {
  const say = wordsOf(language)
  return paper({
    language,
    name: say('Rapporto di manutenzione – {plant.name}', 'Maintenance report – {plant.name}'),
    head: '{company.name}',
    children: [...beginning(say), ...stoppages(say), ...works(say)],
  })
}
