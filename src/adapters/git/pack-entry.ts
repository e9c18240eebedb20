import { damagedPack } from './git-failure.ts'
import { readSize } from './size-number.ts'

const TYPES = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' } as const
const OFFSET_DELTA = 6
const REFERENCE_DELTA = 7
const OID_BYTES = 20

/** The first bytes of an entry: no header is longer. */
export const MAX_HEADER_BYTES = 64

export type ObjectType = (typeof TYPES)[keyof typeof TYPES]

/** What a delta is applied to: an object by its name, or what began at this place of the pack. */
export type DeltaBase = { oid: string } | { offset: number }

export interface EntryHeader {
  /** A type, or the base of a delta. */
  content: ObjectType | DeltaBase
  /** Of what follows, unpacked. */
  size: number
  /** Of the header itself. */
  headerBytes: number
}

/** What stands at one place of a pack. */
export interface Entry extends EntryHeader {
  offset: number
  /** Where the next one begins, once it was unpacked. */
  end: number
}

export type DeltaEntry = Entry & { content: DeltaBase }

export const isDelta = (entry: Entry): entry is DeltaEntry => typeof entry.content === 'object'

/** Reads the header of the entry that begins with `bytes` at the place `offset` of the pack. Throws `GitError`. */
export const readEntryHeader = (bytes: Buffer, offset: number): EntryHeader => {
  const first = bytes[0] ?? 0
  const type = (first >> 4) & 7
  const size = first & 0x80 ? readSize(bytes, 1, first & 15, 4) : { value: first & 15, end: 1 }
  const header = { size: size.value, headerBytes: size.end }
  if (type === REFERENCE_DELTA) {
    const end = size.end + OID_BYTES
    return { ...header, content: { oid: bytes.toString('hex', size.end, end) }, headerBytes: end }
  }
  if (type === OFFSET_DELTA) {
    const distance = readDistance(bytes, size.end)
    return { ...header, content: { offset: offset - distance.value }, headerBytes: distance.end }
  }
  if (!isPlainType(type)) throw damagedPack()
  return { ...header, content: TYPES[type] }
}

const isPlainType = (type: number): type is keyof typeof TYPES => Object.hasOwn(TYPES, type)

/** How far back a base begins: groups of seven bits, the highest first, each longer number starting where the shorter end. */
const readDistance = (bytes: Buffer, start: number) => {
  let end = start
  let byte = bytes[end] ?? 0
  let value = byte & 0x7f
  while (byte & 0x80) {
    end += 1
    byte = bytes[end] ?? 0
    value = (value + 1) * 128 + (byte & 0x7f)
    if (!Number.isSafeInteger(value)) throw damagedPack()
  }
  return { value, end: end + 1 }
}
