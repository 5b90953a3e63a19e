import { refusals } from '#platform/refusal.ts'

export const plantRefusals = refusals({
  'plants.not_found': ['not_found', 'There is no such plant.'],
  'plants.invalid': ['invalid', 'Some fields are not valid.'],
  'plants.code_taken': ['conflict', 'Another plant has this code.'],
  'plants.limit_reached': ['conflict', 'The plan allows no more plants.'],
  'plants.outside_scope': ['forbidden', 'You see some plants only, and a new one would not be among them.'],
  'plants.no_file': ['invalid', 'Send the table as a multipart field named file.'],
  'plants.file_type': ['unsupported', 'The file is neither a CSV in UTF-8 nor an XLSX.'],
  'plants.file_unreadable': ['invalid', 'The file cannot be read.'],
  'plants.file_too_large': ['too_large', 'The file holds more than 5,000 plants, or more than it says.'],
  'plants.period_not_usable': ['invalid', 'The period must begin before it ends, and not be too long for its steps.'],
  'stoppages.not_found': ['not_found', 'There is no such stoppage of this plant.'],
  'stoppages.too_many': ['invalid', 'More stoppages touch this time than one document can hold: ask for less of it.'],
  'stoppages.overlapping': ['conflict', 'Another stoppage of this plant has part of this time.'],
  'energy_prices.not_found': ['not_found', 'There is no such price of this plant.'],
  'energy_prices.day_taken': ['conflict', 'Another price of this plant holds from this day on.'],
  'plants.busy': ['unavailable', 'Several files are being read already: try again in a moment.'],
})
