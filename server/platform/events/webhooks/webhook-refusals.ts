import { refusals } from '../../refusal.ts'

export const webhookRefusals = refusals({
  'webhooks.not_found': ['not_found', 'There is no such webhook.'],
  'webhooks.delivery_not_found': ['not_found', 'There is no such delivery.'],
  'webhooks.invalid': ['invalid', 'Some fields are not valid.'],
  'webhooks.beyond_own': ['forbidden', 'It would tell more than you may see yourself.'],
  'webhooks.too_many': ['conflict', 'A company has at most 50 webhooks: remove one first.'],
  'webhooks.disabled': ['conflict', 'This webhook is disabled: enable it first.'],
  'webhooks.replaying': ['conflict', 'A replay of this webhook is under way already.'],
  // Read as the reason of a delivery that failed.
  'webhooks.answered': ['unavailable', 'The receiver did not answer with a success.'],
})
