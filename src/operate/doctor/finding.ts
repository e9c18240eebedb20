/** `warning`: works, but somebody should know. `problem`: does not work, or will not for long. */
export type Severity = 'ok' | 'warning' | 'problem'

export interface Finding {
  /** What was looked at. */
  check: string
  severity: Severity
  message: string
  /** What to do; undefined when there is nothing to do. */
  advice?: string
}

export const ok = (check: string, message: string): Finding => ({ check, severity: 'ok', message })
export const warning = (check: string, message: string, advice: string): Finding => ({
  check,
  severity: 'warning',
  message,
  advice,
})
export const problem = (check: string, message: string, advice: string): Finding => ({
  check,
  severity: 'problem',
  message,
  advice,
})

/** The findings of a check; one that cannot look is a problem itself. */
export const examine = async (check: string, look: () => Finding[] | Promise<Finding[]>): Promise<Finding[]> => {
  try {
    return await look()
  } catch (error) {
    const { message } = error as Error
    return [problem(check, `It cannot be checked: ${message}`, 'Run this as the account of the server, or as root.')]
  }
}
