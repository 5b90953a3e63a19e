import { refusals } from '#platform/refusal.ts'

export const productRefusals = refusals({
  'products.not_found': ['not_found', 'There is no such product.'],
  'products.code_taken': ['conflict', 'Another product has this code.'],
  'products.invalid_recipe': ['invalid', 'The recipe is not valid.'],
})
