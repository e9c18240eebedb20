/** Why a Python file cannot be read at all; the text is shown to whoever installs the plugin. */
export class PythonRefusedError extends Error {}

/** More than a hundred times what a real file takes. Counted besides the time, so that most refusals do not depend on the machine. */
const maxWork = 3_000_000
const timeBudgetMs = 1000
/** Looking at the clock costs more than most steps. */
const workBetweenLooks = 256

export interface Budget {
  /** Counts work; throws {@link PythonRefusedError} once there was too much of it, or once it took too long. */
  spend: (work: number) => void
}

/** What reading one file may cost: parsers recover from hostile input by trying, which can take the square of its length. */
export const newBudget = (): Budget => {
  const endMs = performance.now() + timeBudgetMs
  let spent = 0
  let nextLook = workBetweenLooks
  return {
    spend: (work) => {
      spent += work
      if (spent > maxWork) throw new PythonRefusedError('the file is too complex')
      if (spent < nextLook) return
      nextLook = spent + workBetweenLooks
      if (performance.now() > endMs) throw new PythonRefusedError('the file takes too long to read')
    },
  }
}
