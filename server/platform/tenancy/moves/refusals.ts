import { refusals } from '../../refusal.ts'

/** Why a company is not moved. Nothing of it was changed then. */
export const moveRefusals = refusals({
  'moves.already_there': ['conflict', 'The company lives there already.'],
  'moves.under_way': ['conflict', 'A company is being moved, by another process: one at a time.'],
  'moves.migrating': ['unavailable', 'The database is being migrated or restored: try again later.'],
  'moves.versions_differ': [
    'conflict',
    'The tables here and those there stand at different versions: officina migrate brings them to the newest, or says why not.',
  ],
  'moves.held_up': [
    'unavailable',
    'Something holds on to the rows of this company for too long: nothing was moved; try again later.',
  ],
})
