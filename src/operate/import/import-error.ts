/** Nothing was imported. `message` is for the person at the terminal. */
export class ImportError extends Error {
  override name = 'ImportError'
}
