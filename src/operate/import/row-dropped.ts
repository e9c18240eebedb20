/** Thrown while a row is read that is not to be imported; `message` is the reason for the report. */
export class RowDropped extends Error {
  override name = 'RowDropped'
}
