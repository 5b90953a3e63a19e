import { signOf } from '../anomalies/explanation.ts'
import type { ModelReason, SensorModel } from './schemas.ts'
import { LEAST_STEPS, MARGIN, type Opponent, type OpponentKind, type Report } from './trial.ts'

type Language = 'it' | 'en'
type Facts = { its: string; other: string; share: string; opponent: string; al: string; steps: string; unit: string }
type Told = Pick<SensorModel, 'status' | 'reason' | 'unit'> & { report: Report | null }

const OPPONENTS: Record<OpponentKind, Record<Language | 'al', string>> = {
  previous_value: { it: 'il valore precedente', al: 'al valore precedente', en: 'the previous value' },
  five_day_mean: { it: 'la media di cinque giorni', al: 'alla media di cinque giorni', en: 'the mean of five days' },
  hour_profile: {
    it: 'il profilo delle ore',
    al: 'al profilo delle ore',
    en: 'the profile of the hours',
  },
  champion: { it: 'il modello in uso', al: 'al modello in uso', en: 'the model in use' },
}
const needed = MARGIN * 100

const STILL: Record<Language, string> = { it: 'In addestramento.', en: 'Being trained.' }
const REASONS: Record<ModelReason, Record<Language, (facts: Facts) => string>> = {
  better: {
    it: ({ its, other, share, al }) =>
      `In uso: sui dati tenuti da parte sbaglia ${its} in media, il ${share} in meno rispetto ${al} (${other}).`,
    en: ({ its, other, share, opponent }) =>
      `In use: on held-out data it is off by ${its} on average, ${share} less than ${opponent} (${other}).`,
  },
  not_better: {
    it: ({ its, other, opponent }) =>
      `Scartato: sui dati tenuti da parte sbaglia ${its} in media; ${opponent} sbaglia ${other}, e un modello deve sbagliare almeno il ${needed} % in meno.`,
    en: ({ its, other, opponent }) =>
      `Rejected: on held-out data it is off by ${its} on average; ${opponent} is off by ${other}, and a model must be off by ${needed}% less at least.`,
  },
  not_calibrated: {
    it: () =>
      'Scartato: sui dati tenuti da parte i suoi errori arrivano ben più lontano che su quelli appresi, quindi lì qualcosa è cambiato o è successo. Scegliere un altro periodo.',
    en: () =>
      'Rejected: on held-out data its errors reach much farther than on what it learned from, so something changed there, or happened. Choose another period.',
  },
  too_little: {
    it: ({ steps }) =>
      `Scartato: nel periodo ci sono ${steps} passi utili; ne servono ${LEAST_STEPS}, senza troppe interruzioni.`,
    en: ({ steps }) =>
      `Rejected: the period has ${steps} usable steps; ${LEAST_STEPS} are needed, without too many gaps.`,
  },
  hidden: { it: () => 'Scartato: il sensore è stato nascosto.', en: () => 'Rejected: the sensor was hidden.' },
  unit_changed: {
    it: ({ unit }) => `Non più valido: era per valori in ${unit}, e l’unità del sensore è cambiata.`,
    en: ({ unit }) => `No longer valid: it was for values in ${unit}, and the unit of the sensor has changed.`,
  },
  replaced: { it: () => 'Sostituito da un altro modello.', en: () => 'Replaced by another model.' },
  removed: { it: () => 'Tolto da una persona.', en: () => 'Taken out of use by a person.' },
  activated: { it: () => 'In uso: rimesso da una persona.', en: () => 'In use: put back by a person.' },
  not_finished: {
    it: () => 'Scartato: l’addestramento non è arrivato alla fine.',
    en: () => 'Rejected: its training did not come to its end.',
  },
}

/** The opponent that it was hardest to beat; of what was in use first where two are the same. */
function hardest(report: Report | null): Opponent | undefined {
  const least = (report?.held_out?.steps ?? 0) / 2
  return report?.opponents.filter(({ steps }) => steps >= least).toSorted((a, b) => a.improvement - b.improvement)[0]
}

/** Why a model is used or not, in a sentence. */
export function explainModel(language: Language, { reason, report, unit }: Told): string {
  if (reason === null) return STILL[language]
  const rival = hardest(report)
  const sign = signOf(unit)
  const number = new Intl.NumberFormat(language, { maximumSignificantDigits: 3 })
  const measured = (value: number | undefined): string => `${number.format(value ?? 0)}${sign === '' ? '' : ` ${sign}`}`
  return REASONS[reason][language]({
    ...{ its: measured(rival?.challenger_error), other: measured(rival?.mean_absolute_error), unit: sign },
    share: new Intl.NumberFormat(language, { style: 'percent' }).format(rival?.improvement ?? 0),
    opponent: rival === undefined ? '…' : OPPONENTS[rival.kind][language],
    al: rival === undefined ? '…' : OPPONENTS[rival.kind].al,
    steps: String(report?.steps ?? 0),
  })
}
