import { refusals } from '../refusal.ts'

/** Read as the reason why the job of a letter failed: the first ends it, the second is tried again. */
export const mailRefusals = refusals({
  'mail.refused': ['invalid', 'This letter is not taken, and trying again will not help.'],
  'mail.failed': ['unavailable', 'The letter could not be handed over to the mail server.'],
})
