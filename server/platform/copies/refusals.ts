import { refusals } from '../refusal.ts'

/** Why a copy is not made, not opened or not put back. */
export const copyRefusals = refusals({
  'copies.no_file': ['not_found', 'There is no such file.'],
  'copies.no_tenant': ['not_found', 'There is no such company.'],
  'copies.file_exists': ['conflict', 'There is a file of this name already: it is not overwritten.'],
  'copies.not_a_copy': ['invalid', 'This file is not a copy that Officina made.'],
  'copies.damaged': ['invalid', 'The copy is damaged: it was cut short or changed. Nothing was touched.'],
  'copies.locked': ['forbidden', 'Neither the passphrase nor a secret of this installation opens the copy.'],
  'copies.passphrase_too_short': ['invalid', 'A passphrase has at least 12 characters.'],
  'copies.newer': ['conflict', 'The copy was made by a newer release: update this installation first.'],
  'copies.other_history': ['conflict', 'The copy was made by a release whose migrations this one does not know.'],
  'copies.too_old': [
    'conflict',
    'The copy is of an older release than this one can take in: import it into one in between.',
  ],
  'copies.not_a_backup': ['invalid', 'This is the copy of one company: officina tenant import takes it.'],
  'copies.not_a_tenant': ['invalid', 'This is a backup of a whole installation: officina restore takes it.'],
  'copies.not_empty': ['conflict', 'This database has data: a backup is restored into an empty one only.'],
  'copies.in_use': ['conflict', 'A server, a worker or a command runs on this database: stop it first.'],
  'copies.another_half_restored': [
    'conflict',
    'Another backup is half restored here: officina restore with its file goes on, with --anew it is given up.',
  ],
  'copies.broken_off': [
    'invalid',
    'The file could not be read to its end. What was read is in: officina restore with the whole file goes on from there.',
  ],
  'copies.contradictory': [
    'conflict',
    'Rows of the backup contradict each other: this database stays half restored. Restore another one with --anew.',
  ],
  'copies.tenant_exists': ['conflict', 'This company is here already.'],
  'copies.foreign_rows': ['invalid', 'The copy holds rows of another company. Nothing was touched.'],
  'copies.unfit': ['conflict', 'Rows of the copy contradict each other or what is here. Nothing was touched.'],
  'copies.all_plants_needed': ['forbidden', 'Who exports a company must be allowed to see all of its plants.'],
  'copies.busy': [
    'unavailable',
    'Another copy is being made or restored, or the database is being migrated: try again later.',
  ],
})
