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

const none = (say: Words, list: string): Part[] => [
  mark(`{^${list}}`),
  text(say('Quadro senza righe.', 'No rows in this panel.')),
  mark(`{/${list}}`),
]

const readingsOf = (say: Words) =>
  [
    [say('Mese', 'Month'), '{month}', 9, 'right'],
    [say('Matricola', 'Serial'), '{meter}', 21],
    [say('Lettura attuale', 'Reading now'), '{reading_now | number | or —}', 15, 'right'],
    [say('Lettura precedente', 'Reading before'), '{reading_before | number | or —}', 16, 'right'],
    [say('Differenza', 'Difference'), '{difference | number | or —}', 15, 'right'],
    ['K', '{constant_k | number | or —}', 9, 'right'],
    ['kWh', '{kwh | number 0}', 15, 'right'],
  ] as const

const beginning = (say: Words): Part[] => [
  ...title(
    say('DICHIARAZIONE SEMESTRALE ENERGIA ELETTRICA', 'HALF-YEARLY ELECTRICITY DECLARATION'),
    say('Foglio per la compilazione sul portale ADM (U2S)', 'Field sheet for typing into the ADM portal (U2S)'),
  ),
  facts([
    [say('Anno', 'Year'), '{declaration.year_text}'],
    [say('Periodo di riferimento', 'Reference period'), say('{declaration.half}° semestre', 'half {declaration.half}')],
    [say('Codice ditta', 'Licence code'), '{plant.adm_license_code}'],
    [say('Codice attività', 'Activity code'), '{declaration.activity_code}'],
    [say('Officina', 'Workshop'), '{plant.name}'],
    [say('Ubicazione', 'Place'), '{plant.municipality} ({plant.province})'],
    ['POD', '{plant.pod}'],
    [
      say('Presentazione', 'To be filed'),
      say(
        'dal {declaration.opens_on | date} al {declaration.due_on | date}',
        'from {declaration.opens_on | date} to {declaration.due_on | date}',
      ),
    ],
  ]),
]

const panels = (say: Words): Part[] => [
  section(say('Quadro A – Energia prodotta', 'Panel A – Energy produced')),
  ...none(say, 'panel_a'),
  ...rowsOf('panel_a', readingsOf(say), [say('Totale', 'Total'), '', '', '', '', '', '{totals.a_kwh | number 0}']),
  section(say('Quadro C – Usi propri esenti', 'Panel C – Own use, exempt')),
  ...none(say, 'panel_c'),
  ...rowsOf(
    'panel_c',
    [
      [say('Mese', 'Month'), '{month}', 9, 'right'],
      [say('Matricola o modo di calcolo', 'Serial, or how it was worked out'), '{meter}', 50],
      [say('Tipologia', 'Kind'), '{kind}', 20],
      ['kWh', '{kwh | number 0}', 21, 'right'],
    ],
    [say('Totale', 'Total'), '', '', '{totals.c_kwh | number 0}'],
  ),
  section(say('Quadro G – Energia elettrica uscente', 'Panel G – Electricity going out')),
  ...none(say, 'panel_g'),
  ...rowsOf(
    'panel_g',
    [
      readingsOf(say)[0],
      [say('Tipo', 'Type'), '{type}', 8],
      [say('Destinatario', 'Receiver'), '{receiver}', 18],
      ...readingsOf(say).slice(1),
    ],
    [say('Totale', 'Total'), '', '', '', '', '', '', '', '{totals.g_kwh | number 0}'],
  ),
]

const check = (say: Words): Part[] => [
  section(say('Verifica', 'Check')),
  closing(
    say(
      'Prodotta {totals.a_kwh | number 0} kWh; consumata {totals.c_kwh | number 0} kWh; uscente {totals.g_kwh | number 0} kWh; differenza A − C − G: {totals.balance_kwh | number 0} kWh.',
      'Produced {totals.a_kwh | number 0} kWh; used {totals.c_kwh | number 0} kWh; gone out {totals.g_kwh | number 0} kWh; difference A − C − G: {totals.balance_kwh | number 0} kWh.',
    ),
  ),
  text('{place}, {today | date long}', { before: 120, after: 160, keep: true }),
  signatures(say('Compilato da {user.name}', 'Filled in by {user.name}'), say('Verificato da', 'Checked by')),
  small(
    say(
      'Base: D.Lgs. 504/1995 (TUA), artt. 53 e 55, come modificato dal D.Lgs. 43/2025; semestri presentati dal 1º luglio al 30 settembre e dal 1º gennaio al 31 marzo. La struttura dei quadri non è stata verificata sullo schema ufficiale ADM: confrontare con il portale prima dell’invio. Questo foglio non è la dichiarazione.',
      'Basis: D.Lgs. 504/1995 (TUA), artt. 53 and 55, as changed by D.Lgs. 43/2025; halves are filed from 1 July to 30 September and from 1 January to 31 March. The structure of the panels was not checked against ADM’s official schema: compare it with the portal before sending. This sheet is not the declaration.',
    ),
    { before: 200 },
  ),
]

/** The half-yearly electricity declaration to ADM, panel by panel, as it is typed into the portal. */
export function fieldSheetLayout(language: Language) {
  const say = wordsOf(language)
  return paper({
    language,
    name: say(
      'Foglio di compilazione – dichiarazione semestrale energia elettrica',
      'Field sheet – half-yearly electricity declaration',
    ),
    head: '{company.name}',
    children: [...beginning(say), ...panels(say), ...check(say)],
  })
}
