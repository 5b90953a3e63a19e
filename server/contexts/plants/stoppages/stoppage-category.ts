/** What an operation's standstill is put down to, in the words of the standards as far as they have one. */
export type StoppageCategory = keyof typeof STOPPAGE_CATEGORIES

type Category = {
  /** Whether its time leaves the denominator of the contract's availability. The technical one leaves nothing out. */
  excluded: boolean
  /** The state of the plant by EN 13306:2017; «externally disabled» is not the plant's own doing. */
  state: 'down' | 'externally disabled'
  /** The category of IEC 61400-26-1 that fits best; written for wind, said of every kind of plant here. */
  iec_61400_26: string
  meaning: string
}

/**
 * Which standstills the contract's figure leaves out is a habit of contracts, not a rule of a standard: IEC 61400-26 leaves the
 * formula to the contract. So hours are answered by category, and a contract that reads otherwise is worked out from them.
 */
export const STOPPAGE_CATEGORIES = {
  own_failure: {
    ...{ excluded: false, state: 'down', iec_61400_26: 'Forced outage' },
    meaning: 'A fault of the plant itself (IEEE 762: unplanned outage)',
  },
  planned_correction: {
    ...{ excluded: false, state: 'down', iec_61400_26: 'Planned corrective action' },
    meaning: 'A repair that could wait for its day (IEEE 762: maintenance outage)',
  },
  planned_maintenance: {
    ...{ excluded: true, state: 'down', iec_61400_26: 'Scheduled maintenance' },
    meaning: 'Preventive maintenance by plan (IEEE 762: planned outage)',
  },
  grid: {
    ...{ excluded: true, state: 'externally disabled', iec_61400_26: 'Out of electrical specification' },
    meaning: 'The grid is away or out of its limits',
  },
  curtailment: {
    ...{ excluded: true, state: 'externally disabled', iec_61400_26: 'Requested shutdown' },
    meaning: 'The grid operator or the market has the plant produce less',
  },
  environment: {
    ...{ excluded: true, state: 'externally disabled', iec_61400_26: 'Out of environmental specification' },
    meaning: 'Snow, ice, flood, wind or heat beyond what the plant is made for',
  },
  external: {
    ...{ excluded: true, state: 'externally disabled', iec_61400_26: 'Requested shutdown' },
    meaning: 'An order of an authority, works of somebody else',
  },
  force_majeure: {
    ...{ excluded: true, state: 'externally disabled', iec_61400_26: 'Force majeure' },
    meaning: 'An event that nobody answers for',
  },
} as const satisfies Record<string, Category>

export const stoppageCategories = Object.keys(STOPPAGE_CATEGORIES) as StoppageCategory[]

/** What energy and time are lost to: a declared category, or a standstill that was measured and that nobody has declared. */
export type Cause = StoppageCategory | 'undeclared'

export const isExcluded = (cause: Cause): boolean => cause !== 'undeclared' && STOPPAGE_CATEGORIES[cause].excluded
