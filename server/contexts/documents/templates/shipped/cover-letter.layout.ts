import { facts, gap, listed, mark, paper, running, section, signatures, text, wordsOf } from './paper.ts'
import type { Language } from '../formats.ts'

/** A letter that goes with documents sent by certified mail (PEC). */
export function coverLetterLayout(language: Language) {
  const say = wordsOf(language)
  return paper({
    language,
    name: say('Lettera di trasmissione', 'Cover letter'),
    head: null,
    children: [
      text('**{company.name}**', { after: 0 }, { size: 26 }),
      text('{company.address}', { after: 0 }),
      text(
        say(
          'Partita IVA {company.vat_number} · PEC {company.pec}',
          'VAT number {company.vat_number} · certified mail {company.pec}',
        ),
        { after: 360 },
      ),
      text(say('Spett.le', 'To'), { after: 0 }),
      text('**{recipient.name}**', { after: 0 }),
      mark('{#recipient.office}'),
      text('{recipient.office}', { after: 0 }),
      mark('{/recipient.office}'),
      text(say('Trasmessa a mezzo PEC: {recipient.pec}', 'Sent by certified mail (PEC): {recipient.pec}'), {
        after: 320,
      }),
      text('{place}, {today | date long}', { after: 200 }),
      text(say('**Oggetto: {subject}**', '**Subject: {subject}**'), { after: 100 }),
      mark('{#reference}'),
      text(say('Rif.: {reference}', 'Ref.: {reference}'), { after: 100 }),
      mark('{/reference}'),
      gap(),
      running('{body}'),
      mark('{#plant.name}'),
      section(say('Impianto', 'Plant')),
      facts([
        [say('Denominazione', 'Name'), '{plant.name}'],
        ['POD', '{plant.pod | or —}'],
        [say('Comune', 'Municipality'), '{plant.municipality | or —} ({plant.province | or —})'],
        ['CENSIMP (GAUDÌ)', '{plant.gaudi_code | or —}'],
      ]),
      mark('{/plant.name}'),
      section(say('Allegati', 'Attachments')),
      mark('{#attachments}'),
      listed('{.}'),
      mark('{/attachments}'),
      mark('{^attachments}'),
      text(say('Nessun allegato.', 'No attachment.')),
      mark('{/attachments}'),
      text(say('Distinti saluti.', 'Yours faithfully,'), { before: 240, after: 200, keep: true }),
      signatures('{signatory.name}\u00a0– {signatory.role}'),
    ],
  })
}
