/** What one check saw. `mend` says what to do, and is there whenever the status is not ok. */
export type Finding = { check: string; status: 'ok' | 'warn' | 'fail'; message: string; mend?: string }

export const ok = (check: string, message: string): Finding => ({ check, status: 'ok', message })
export const warn = (check: string, message: string, mend: string): Finding => ({
  check,
  status: 'warn',
  message,
  mend,
})
export const fail = (check: string, message: string, mend: string): Finding => ({
  check,
  status: 'fail',
  message,
  mend,
})

/** The findings of a check that broke off are one failure, and the other checks go on. */
export async function examined(check: string, examine: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await examine()
  } catch (error) {
    const said = (error instanceof Error && (error.message || (error as { code?: string }).code)) || String(error)
    return [fail(check, `could not be examined: ${said}`, 'Mend what is named above it, and examine again.')]
  }
}
