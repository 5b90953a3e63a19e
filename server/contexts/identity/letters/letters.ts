import { plain, rendered } from './letter-form.ts'
import type { Letter, LetterBody } from './letter-form.ts'

/** The languages that letters are written in. */
export type Language = 'it' | 'en'

/**
 * Whom a letter speaks to, and in whose name: `brand` is the company's, or the product's where there is not one company.
 * `timeZone` is an IANA zone: times are told as the reader's clock shows them.
 */
export type Reader = { name: string; brand: string; timeZone: string }
type Seen = Reader & { at: Date; address: string }

/** What each letter is made of. */
export type LetterData = {
  invitation: Reader & { inviter: string; tenantName: string; url: string; expiresAt: Date }
  password_reset: Reader & { url: string; expiresAt: Date }
  password_changed: Seen & { how: 'changed' | 'reset' | 'given' }
  second_factor_changed: Seen & { change: 'enabled' | 'disabled' | 'recovery_code_used' }
  new_device: Seen & { device: string; url: string }
  webhook_disabled: Reader & { at: Date; host: string; reason: 'gone' | 'failing'; url: string }
}

/** The kinds of letter. */
export type LetterKind = keyof LetterData

/** The language for a locale such as `it-IT`: Italian where it is Italian, English otherwise. */
export const languageOf = (locale: string): Language => (/^it\b/i.test(locale) ? 'it' : 'en')

const timeIn = (language: Language, at: Date, timeZone: string): string =>
  new Intl.DateTimeFormat(language === 'it' ? 'it-IT' : 'en-GB', {
    dateStyle: 'long',
    timeStyle: 'short',
    timeZone,
  }).format(at)

type Writers = { [Kind in LetterKind]: (data: LetterData[Kind]) => LetterBody }

const italian: Writers = {
  invitation: ({ name, inviter, tenantName, url, expiresAt, timeZone }) => ({
    subject: `Invito a lavorare in ${plain(tenantName)}`,
    greeting: `Ciao ${plain(name)},`,
    paragraphs: [
      `${plain(inviter)} ti invita a lavorare in ${plain(tenantName)}, con il collegamento qui sotto.`,
      `L’invito vale fino al ${timeIn('it', expiresAt, timeZone)}. Se non te lo aspettavi, non fare nulla.`,
    ],
    action: { label: 'Accetta l’invito', url },
  }),
  password_reset: ({ name, brand, url, expiresAt, timeZone }) => ({
    subject: 'Scegli una nuova password',
    greeting: `Ciao ${plain(name)},`,
    paragraphs: [
      `Per il tuo accesso a ${plain(brand)} qualcuno, forse tu, ha chiesto una nuova password.`,
      `Il collegamento vale una volta sola, fino al ${timeIn('it', expiresAt, timeZone)}.`,
      'Se non sei stato tu, non fare nulla: la password resta quella che è.',
    ],
    action: { label: 'Scegli la nuova password', url },
  }),
  password_changed: ({ name, brand, how, at, address, timeZone }) => {
    const when = timeIn('it', at, timeZone)
    const what = {
      changed: `La tua password di ${plain(brand)} è stata cambiata: ${when}, dall’indirizzo ${plain(address)}.`,
      reset:
        `Per ${plain(brand)} è stata scelta una nuova password con il collegamento che ti abbiamo mandato: ${when}, ` +
        `dall’indirizzo ${plain(address)}.`,
      given: `Chi gestisce ${plain(brand)} ti ha dato una nuova password: ${when}.`,
    }[how]
    return {
      subject: 'La tua password è cambiata',
      greeting: `Ciao ${plain(name)},`,
      paragraphs: [
        what,
        'Se non te lo aspettavi, chiedi subito una nuova password dalla pagina di accesso e avvisa il tuo amministratore.',
      ],
    }
  },
  second_factor_changed: ({ name, change, at, address, timeZone }) => {
    const what = {
      enabled: 'La verifica in due passaggi è stata attivata',
      disabled: 'La verifica in due passaggi è stata disattivata',
      recovery_code_used: 'Un codice di recupero è stato usato per accedere',
    }[change]
    return {
      subject: 'La verifica in due passaggi è cambiata',
      greeting: `Ciao ${plain(name)},`,
      paragraphs: [
        `${what}: ${timeIn('it', at, timeZone)}, dall’indirizzo ${plain(address)}.`,
        'Se non sei stato tu, cambia subito la password e avvisa il tuo amministratore.',
      ],
    }
  },
  new_device: ({ name, brand, device, address, at, url, timeZone }) => ({
    subject: `Nuovo accesso a ${plain(brand)}`,
    greeting: `Ciao ${plain(name)},`,
    paragraphs: [
      `È stato fatto un accesso con il tuo nome da un dispositivo nuovo: ${plain(device)}, indirizzo ${plain(address)}, ` +
        `${timeIn('it', at, timeZone)}.`,
      'Se eri tu, non fare nulla. Se non eri tu, chiudi quella sessione e cambia la password.',
    ],
    action: { label: 'Vedi le tue sessioni', url },
  }),
  webhook_disabled: ({ name, host, reason, at, url, timeZone }) => {
    const why = {
      gone: `${plain(host)} ha risposto che non vuole più ricevere eventi`,
      failing: `Da tre giorni nessun invio a ${plain(host)} riesce`,
    }[reason]
    return {
      subject: 'Un webhook è stato disattivato',
      greeting: `Ciao ${plain(name)},`,
      paragraphs: [
        `${why}: il webhook è stato disattivato, ${timeIn('it', at, timeZone)}.`,
        'Niente è perduto: quando il destinatario risponde di nuovo, riattivalo e rimanda gli eventi da dove mancano.',
      ],
      action: { label: 'Vedi i webhook', url },
    }
  },
}

const english: Writers = {
  invitation: ({ name, inviter, tenantName, url, expiresAt, timeZone }) => ({
    subject: `Invitation to work in ${plain(tenantName)}`,
    greeting: `Hello ${plain(name)},`,
    paragraphs: [
      `${plain(inviter)} invites you to work in ${plain(tenantName)}, by the link below.`,
      `The invitation is good until ${timeIn('en', expiresAt, timeZone)}. If you did not expect it, do nothing.`,
    ],
    action: { label: 'Accept the invitation', url },
  }),
  password_reset: ({ name, brand, url, expiresAt, timeZone }) => ({
    subject: 'Choose a new password',
    greeting: `Hello ${plain(name)},`,
    paragraphs: [
      `For your sign-in to ${plain(brand)} someone, perhaps you, asked for a new password.`,
      `The link works once, until ${timeIn('en', expiresAt, timeZone)}.`,
      'If it was not you, do nothing: the password stays as it is.',
    ],
    action: { label: 'Choose the new password', url },
  }),
  password_changed: ({ name, brand, how, at, address, timeZone }) => {
    const when = timeIn('en', at, timeZone)
    const what = {
      changed: `Your password for ${plain(brand)} was changed: ${when}, from the address ${plain(address)}.`,
      reset:
        `A new password for ${plain(brand)} was chosen with the link that we sent you: ${when}, from the address ` +
        `${plain(address)}.`,
      given: `Whoever runs ${plain(brand)} gave you a new password: ${when}.`,
    }[how]
    return {
      subject: 'Your password has changed',
      greeting: `Hello ${plain(name)},`,
      paragraphs: [
        what,
        'If you did not expect it, ask for a new password on the sign-in page at once and tell your administrator.',
      ],
    }
  },
  second_factor_changed: ({ name, change, at, address, timeZone }) => {
    const what = {
      enabled: 'Two-step verification was switched on',
      disabled: 'Two-step verification was switched off',
      recovery_code_used: 'A recovery code was used to sign in',
    }[change]
    return {
      subject: 'Two-step verification has changed',
      greeting: `Hello ${plain(name)},`,
      paragraphs: [
        `${what}: ${timeIn('en', at, timeZone)}, from the address ${plain(address)}.`,
        'If it was not you, change your password at once and tell your administrator.',
      ],
    }
  },
  new_device: ({ name, brand, device, address, at, url, timeZone }) => ({
    subject: `New sign-in to ${plain(brand)}`,
    greeting: `Hello ${plain(name)},`,
    paragraphs: [
      `Someone signed in as you from a new device: ${plain(device)}, address ${plain(address)}, ` +
        `${timeIn('en', at, timeZone)}.`,
      'If it was you, do nothing. If it was not, end that session and change your password.',
    ],
    action: { label: 'See your sessions', url },
  }),
  webhook_disabled: ({ name, host, reason, at, url, timeZone }) => {
    const why = {
      gone: `${plain(host)} answered that it wants no more events`,
      failing: `For three days nothing that was sent to ${plain(host)} has arrived`,
    }[reason]
    return {
      subject: 'A webhook was disabled',
      greeting: `Hello ${plain(name)},`,
      paragraphs: [
        `${why}: the webhook was disabled, ${timeIn('en', at, timeZone)}.`,
        'Nothing is lost: when the receiver answers again, enable it and send the events once more from where they are missing.',
      ],
      action: { label: 'See the webhooks', url },
    }
  },
}

const writers: Record<Language, Writers> = { it: italian, en: english }

/** Writes a letter. Throws for a link that is not http or https. */
export const letter = <Kind extends LetterKind>(kind: Kind, language: Language, data: LetterData[Kind]): Letter =>
  rendered(writers[language][kind](data), language, plain(data.brand))
