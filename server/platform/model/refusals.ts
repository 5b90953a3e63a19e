import { refusals } from '../refusal.ts'

export const modelRefusals = refusals({
  'model.unreachable': ['unavailable', 'The model does not answer.'],
  'model.busy': ['unavailable', 'The model has too much to do.'],
  'model.refused': ['invalid', 'The model refuses what it is asked: address, key, name or dimensions are not right.'],
  'model.wrong_answer': ['unavailable', 'The model’s answer is not what was asked for.'],
})
