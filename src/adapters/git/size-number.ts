import { damagedPack } from './git-failure.ts'

const MAX_BITS = 49

/** A number in groups of seven bits, the lowest first; `value` already has `shift` bits. Throws `GitError`. */
export const readSize = (bytes: Uint8Array, start: number, value = 0, shift = 0): { value: number; end: number } => {
  let end = start
  let sum = value
  for (let bits = shift; bits < MAX_BITS; bits += 7) {
    const byte = bytes[end] ?? 0
    end += 1
    sum += (byte & 0x7f) * 2 ** bits
    if ((byte & 0x80) === 0) return { value: sum, end }
  }
  throw damagedPack()
}
