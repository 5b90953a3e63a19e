/** One promise, what was counted, and whether it holds. */
export type Finding = { readonly promise: string; readonly found: string; readonly holds: boolean }

/** By name: `--seconds 60` is options.seconds. */
export type Options<Name extends string = string> = Readonly<Record<Name, string>>

/** Tells how it goes on; findings are told by the runner. */
export type Say = (line: string) => void

/** Something that must stay true while processes are killed: run for as long as one likes, and counted afterwards. */
export type Proof<Name extends string = string> = {
  readonly says: string
  /** Every option with what it is where nothing is said. */
  readonly options: Options<Name>
  readonly run: (options: Options<Name>, say: Say) => Promise<readonly Finding[]>
}

/** Declares a proof: its options are known by name. */
export const proof = <Name extends string>(declared: Proof<Name>): Proof => declared

/** A finding that holds where the two are the same. */
export const same = (promise: string, found: number, expected: number): Finding => ({
  promise,
  found: found === expected ? String(found) : `${found}, expected ${expected}`,
  holds: found === expected,
})

/** A finding that holds where nothing was found; the first few that were are told. */
export const none = (promise: string, wrong: readonly unknown[], of: number): Finding => ({
  promise,
  found: wrong.length === 0 ? `0 of ${of}` : `${wrong.length} of ${of}, such as ${JSON.stringify(wrong.slice(0, 3))}`,
  // Who looked at nothing has proved nothing.
  holds: wrong.length === 0 && of > 0,
})

/** The middle one; 0 where there are none. */
export const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0
