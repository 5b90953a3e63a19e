import { refusals } from '#platform/refusal.ts'

/** Why a whole request with readings is refused; nothing of it was written. Single rows: `rows.ts`. */
export const ingestRefusals = refusals({
  'plant_ops.too_many': ['too_large', 'One request holds 100,000 rows at most.'],
  'plant_ops.body_too_large': ['too_large', 'One request holds 64 MiB at most, counted unpacked.'],
  'plant_ops.csv_header': [
    'malformed',
    'The first line of a CSV names its columns: sensor_id, ts and value, and if wanted quality and unit.',
  ],
  'plant_ops.line_options': [
    'malformed',
    'precision is one of ns, us, ms, s, m and h, and plant the code or id of one plant.',
  ],
})
