import { refusals } from '#platform/refusal.ts'

export const lotRefusals = refusals({
  'lots.not_found': ['not_found', 'There is no such lot.'],
  'lots.code_taken': ['conflict', 'Another lot of this plant has this code.'],
  'lots.plant_not_found': ['not_found', 'There is no such plant.'],
  'lots.batch_not_found': ['not_found', 'There is no such batch in the plant of the lot.'],
  'lots.batch_not_started': ['conflict', 'Lots go into and come out of batches that were started.'],
  'lots.not_enough': ['conflict', 'There is less on hand than that.'],
  'lots.not_released': ['conflict', 'This lot is held or blocked.'],
  'lots.unit_mismatch': ['invalid', 'The lot is counted in another unit.'],
  'lots.unlike': ['invalid', 'Only lots of one plant, material and unit are merged.'],
  'lots.movement': ['invalid', 'A consumption needs its batch, a shipment its destination, and nothing else has one.'],
  'lots.circle': ['conflict', 'This lot comes from that batch: it cannot go into it.'],
  'recalls.not_found': ['not_found', 'There is no such mock recall.'],
})
