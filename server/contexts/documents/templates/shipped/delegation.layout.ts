import {
  centred,
  facts,
  gap,
  listed,
  mark,
  paper,
  closing,
  running,
  section,
  signatures,
  small,
  text,
  title,
  wordsOf,
} from './paper.ts'
import type { Language } from '../formats.ts'

/** A delegation to act before an authority or a grid operator. */
export function delegationLayout(language: Language) {
  const say = wordsOf(language)
  return paper({
    language,
    name: say('Delega', 'Delegation'),
    head: '{company.name}',
    children: [
      ...title(say('DELEGA', 'DELEGATION'), say('{subject}', '{subject}')),
      running(
        say(
          'Il/La sottoscritto/a **{delegator.name}**, nato/a a {delegator.birth_place} il {delegator.birth_date | date}, codice fiscale {delegator.tax_code}, in qualità di {delegator.role} di **{company.name}**, con sede in {company.address}, partita IVA {company.vat_number},',
          'The undersigned **{delegator.name}**, born in {delegator.birth_place} on {delegator.birth_date | date}, Italian tax code {delegator.tax_code}, as {delegator.role} of **{company.name}**, with registered office in {company.address}, VAT number {company.vat_number},',
        ),
      ),
      centred(say('DELEGA', 'DELEGATES')),
      running(
        say(
          '**{delegate.name}**, nato/a a {delegate.birth_place} il {delegate.birth_date | date}, codice fiscale {delegate.tax_code}{#delegate.company}, {delegate.company}{/delegate.company}, a rappresentare la società nei confronti di **{authority}** per il compimento dei seguenti atti:',
          '**{delegate.name}**, born in {delegate.birth_place} on {delegate.birth_date | date}, Italian tax code {delegate.tax_code}{#delegate.company}, {delegate.company}{/delegate.company}, to represent the company before **{authority}** and to carry out the following acts:',
        ),
      ),
      mark('{#acts}'),
      listed('{.}'),
      mark('{/acts}'),
      section(say('Impianto', 'Plant')),
      facts([
        [say('Denominazione', 'Name'), '{plant.name}'],
        [say('Codice interno', 'Internal code'), '{plant.code}'],
        [say('Comune', 'Municipality'), '{plant.municipality} ({plant.province})'],
        ['POD', '{plant.pod}'],
        ['CENSIMP (GAUDÌ)', '{plant.gaudi_code | or —}'],
        [say('Codice ditta ADM', 'ADM licence code'), '{plant.adm_license_code | or —}'],
      ]),
      gap(),
      closing(
        say(
          'La delega è conferita ai sensi dell’art. 38, comma 3-bis, del D.P.R. 28 dicembre 2000, n. 445 ed è valida fino al **{valid_until | date long}**, salvo revoca comunicata per iscritto. Si allega copia non autenticata di un documento di identità del sottoscrittore.',
          'The delegation is given under art. 38, paragraph 3-bis, of Presidential Decree No 445 of 28 December 2000 (Italy) and is valid until **{valid_until | date long}**, unless revoked in writing. A plain copy of an identity document of the undersigned is attached.',
        ),
      ),
      text('{place}, {today | date long}', { before: 240, after: 240, keep: true }),
      signatures(
        say('Il delegante', 'The delegating party'),
        say('Per accettazione, il delegato', 'For acceptance, the delegate'),
      ),
      small(
        say(
          'Da firmare digitalmente, oppure con firma autografa unendo copia del documento di identità.',
          'To be signed digitally, or by hand with a copy of the identity document.',
        ),
        { before: 240 },
      ),
    ],
  })
}
