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
  type Part,
  type Words,
} from './paper.ts'
import type { Language } from '../formats.ts'

const kinds = (say: Words): Part[] => [
  ...title(
    say('DICHIARAZIONE SOSTITUTIVA', 'SELF-DECLARATION'),
    say('D.P.R. 28 dicembre 2000, n. 445', 'Presidential Decree No 445 of 28 December 2000 (Italy)'),
  ),
  text(
    say(
      '{kind | checkbox certificate} di certificazione (art. 46)',
      '{kind | checkbox certificate} in place of a certificate (art. 46)',
    ),
    { after: 40 },
  ),
  text(
    say(
      '{kind | checkbox affidavit} dell’atto di notorietà (art. 47)',
      '{kind | checkbox affidavit} in place of an affidavit (art. 47)',
    ),
    { after: 240 },
  ),
  text(say('Spett.le **{recipient}**', 'To **{recipient}**'), { after: 240 }),
]

const statements = (say: Words): Part[] => [
  running(
    say(
      'Il/La sottoscritto/a **{declarant.name}**, nato/a a {declarant.birth_place} il {declarant.birth_date | date}, residente in {declarant.address}, codice fiscale {declarant.tax_code}, in qualità di {declarant.role} di **{company.name}**, con sede in {company.address}, partita IVA {company.vat_number},',
      'The undersigned **{declarant.name}**, born in {declarant.birth_place} on {declarant.birth_date | date}, resident in {declarant.address}, Italian tax code {declarant.tax_code}, as {declarant.role} of **{company.name}**, with registered office in {company.address}, VAT number {company.vat_number},',
    ),
  ),
  running(
    say(
      'consapevole delle sanzioni penali previste dall’art. 76 del D.P.R. 445/2000 per chi rilascia dichiarazioni mendaci, forma atti falsi o ne fa uso, e della decadenza dai benefici prevista dall’art. 75 dello stesso decreto,',
      'aware of the criminal penalties laid down by art. 76 of D.P.R. 445/2000 for those who make false declarations, form false deeds or use them, and of the loss of benefits laid down by art. 75 of the same decree,',
    ),
  ),
  centred(say('DICHIARA', 'DECLARES')),
  text(
    say(
      'con riferimento all’impianto **{plant.name}** (POD {plant.pod}):',
      'with reference to the plant **{plant.name}** (POD {plant.pod}):',
    ),
    { keep: true },
  ),
  mark('{#statements}'),
  listed('{.}'),
  mark('{/statements}'),
]

const plantData = (say: Words): Part[] => [
  section(say('Dati dell’impianto', 'Data of the plant')),
  facts([
    [say('Denominazione', 'Name'), '{plant.name}'],
    [say('Fonte', 'Source'), '{plant.type_label}'],
    [
      say('Ubicazione', 'Place'),
      '{#plant.address}{plant.address}, {/plant.address}{plant.municipality} ({plant.province})',
    ],
    [say('Potenza nominale', 'Nominal power'), '{plant.power_kw | unit kW}'],
    ['POD', '{plant.pod}'],
    ['CENSIMP (GAUDÌ)', '{plant.gaudi_code | or —}'],
    [say('Entrata in esercizio', 'In operation since'), '{plant.commissioning_date | date | or —}'],
    [say('Codice ditta ADM', 'ADM licence code'), '{plant.adm_license_code | or —}'],
  ]),
  gap(),
  closing(
    say(
      'Ai sensi dell’art. 38 del D.P.R. 445/2000 la dichiarazione è sottoscritta e presentata unitamente a copia fotostatica non autenticata di un documento di identità del sottoscrittore. I dati personali sono trattati ai sensi del Regolamento (UE) 2016/679 per le sole finalità del procedimento.',
      'Under art. 38 of D.P.R. 445/2000 the declaration is signed and filed together with a plain photocopy of an identity document of the undersigned. Personal data are processed under Regulation (EU) 2016/679 for the purposes of the procedure only.',
    ),
  ),
]

const signing = (say: Words): Part[] => [
  text('{place}, {today | date long}', { before: 200, after: 200, keep: true }),
  signatures(say('Il dichiarante', 'The declarant')),
  small(
    say(
      'Esente da imposta di bollo ai sensi dell’art. 37 del D.P.R. 445/2000.',
      'Exempt from stamp duty under art. 37 of D.P.R. 445/2000.',
    ),
    { before: 200 },
  ),
]

/** DSAN and the declaration that stands for a certificate: artt. 46 and 47 of D.P.R. 445/2000. */
export function selfDeclarationLayout(language: Language) {
  const say = wordsOf(language)
  return paper({
    language,
    name: say('Dichiarazione sostitutiva', 'Self-declaration'),
    head: '{company.name}',
    children: [...kinds(say), ...statements(say), ...plantData(say), ...signing(say)],
  })
}
