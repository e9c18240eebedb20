import { valueTooLarge } from './settings.errors.ts'

const maxValueBytes = 256 * 1024

/** Throws 413 for a value whose JSON is longer than 256 KB. */
export const assertValueFits = (value: unknown) => {
  if (value !== undefined && Buffer.byteLength(JSON.stringify(value)) > maxValueBytes) throw valueTooLarge()
}
