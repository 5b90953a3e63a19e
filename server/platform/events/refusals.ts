import { refusals } from '../refusal.ts'

/** What those who follow events are refused, beyond what any route refuses. */
export const eventRefusals = refusals({
  'events.too_many_followers': ['rate_limited', 'Too many connections follow events: close some, or try again later.'],
  'events.upgrade_needed': ['malformed', 'This address speaks WebSocket only.'],
  'events.not_json': ['malformed', 'A message must be one JSON object in UTF-8.'],
  'events.not_text': ['unsupported', 'Messages are text, not binary.'],
  'events.message_invalid': ['invalid', 'This message is not one that is understood.'],
  'events.not_signed_in': [
    'unauthenticated',
    'The first message must be {"type": "auth", "token": …}, within 5 seconds.',
  ],
  'events.token_expired': ['unauthenticated', 'The access token has expired: connect again with a new one.'],
  'events.too_many_messages': ['rate_limited', 'Too many messages: this connection is closed.'],
  'events.too_slow': ['rate_limited', 'Events were not taken in time: connect again, and resume by the last sequence.'],
  'events.going_down': ['unavailable', 'This server is going down: connect again, and resume by the last sequence.'],
})
