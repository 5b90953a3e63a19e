/** The 22 columns that a plant has at the ceiling. */
export const CEILING_COLUMNS =
  'id name code type status power power_kw country location address municipality province region latitude longitude notes next_deadline next_deadline_type created_at updated_at created_by updated_by'.split(
    ' ',
  )
