import { ArchiveError } from './types.ts'

/** Below this much output a high ratio is harmless, and common: a few thousand equal bytes compress to nothing. */
const ANY_RATIO_BELOW_BYTES = 1_000_000

/** Throws `ArchiveError` when so many bytes come out of so few that only a decompression bomb explains it. */
export const checkRatio = (unpackedBytes: number, packedBytes: number, maxRatio: number): void => {
  if (unpackedBytes < ANY_RATIO_BELOW_BYTES || unpackedBytes <= packedBytes * maxRatio) return
  throw new ArchiveError('ratio', `The archive unpacks to more than ${maxRatio} times its size.`)
}
