import { crc32, deflateRawSync } from 'node:zlib'

/** What a header says; what is not given is written as an honest program would. */
export interface ZipClaims {
  name?: string | Uint8Array
  method?: number
  flags?: number
  size?: number
  packedSize?: number
  crc?: number
  /** Extra fields, as they are written. */
  extra?: Uint8Array
}

export interface ZipEntry {
  name: string | Uint8Array
  data?: string | Uint8Array
  method?: number
  /** Unix mode with its type bits. */
  mode?: number
  flags?: number
  declaredSize?: number
  crc?: number
  /** Has no data of its own: the directory points at the data of the entry with this number. */
  sharesDataOf?: number
  /** Where the directory says that the entry begins. */
  startsAt?: number
  /** What only the directory says. */
  central?: ZipClaims
  /** What only the header in front of the data says. */
  local?: ZipClaims
  /** Written behind the data, as by programs that learn of the size last. */
  descriptor?: Uint8Array
}

/** What the record at the end says. */
export interface ZipEnd {
  entries?: number
  directoryBytes?: number
  directoryOffset?: number
  /** The length of the comment that does not follow. */
  commentBytes?: number
  /** Records in front of it, such as those of zip64, given where the directory begins and how long it is. */
  before?: (directory: { offset: number; bytes: number }) => Uint8Array
}

export const UTF8 = 0x800

/** A zip byte by byte, so that its headers can lie. */
export const zipBytes = (entries: ZipEntry[], end: ZipEnd = {}): Buffer => {
  const locals: Buffer[] = []
  const directory: Buffer[] = []
  const starts: number[] = []
  let offset = 0
  for (const entry of entries) {
    const { sharesDataOf } = entry
    const start = sharesDataOf === undefined ? offset : (starts[sharesDataOf] ?? 0)
    starts.push(start)
    const { local, central } = writeEntry(entry, entries[sharesDataOf ?? -1] ?? entry, start)
    directory.push(central)
    if (sharesDataOf !== undefined) continue
    locals.push(local)
    offset += local.length
  }
  const central = Buffer.concat(directory)
  const before = end.before?.({ offset, bytes: central.length }) ?? none
  return Buffer.concat([...locals, central, before, endRecord(end, entries.length, central.length, offset)])
}

const none = new Uint8Array()

const writeEntry = (entry: ZipEntry, source: ZipEntry, start: number) => {
  const data = Buffer.from((source.data ?? '') as string)
  const method = entry.method ?? 8
  const packed = method === 0 ? data : deflateRawSync(data)
  const claims = {
    name: entry.name,
    method,
    flags: entry.flags ?? UTF8,
    size: entry.declaredSize ?? data.length,
    packedSize: packed.length,
    crc: entry.crc ?? crc32(data),
    extra: none,
  }
  const local = localHeader({ ...claims, ...entry.local })
  return {
    local: Buffer.concat([local, packed, entry.descriptor ?? none]),
    central: centralHeader({ ...claims, ...entry.central }, entry.mode ?? 0, entry.startsAt ?? start),
  }
}

const endRecord = (end: ZipEnd, entries: number, directoryBytes: number, directoryOffset: number): Buffer => {
  const bytes = Buffer.alloc(22)
  bytes.writeUInt32LE(0x06054b50, 0)
  bytes.writeUInt16LE(end.entries ?? entries, 8)
  bytes.writeUInt16LE(end.entries ?? entries, 10)
  bytes.writeUInt32LE(end.directoryBytes ?? directoryBytes, 12)
  bytes.writeUInt32LE(end.directoryOffset ?? directoryOffset, 16)
  bytes.writeUInt16LE(end.commentBytes ?? 0, 20)
  return bytes
}

// The middle of both headers is the same.
const commonFields = (claims: Required<ZipClaims>): Buffer => {
  const bytes = Buffer.alloc(26)
  bytes.writeUInt16LE(20, 0)
  bytes.writeUInt16LE(claims.flags, 2)
  bytes.writeUInt16LE(claims.method, 4)
  bytes.writeUInt32LE(claims.crc, 10)
  bytes.writeUInt32LE(claims.packedSize, 14)
  bytes.writeUInt32LE(claims.size, 18)
  bytes.writeUInt16LE(Buffer.from(claims.name as string).length, 22)
  bytes.writeUInt16LE(claims.extra.length, 24)
  return bytes
}

const localHeader = (claims: Required<ZipClaims>): Buffer => {
  const magic = Buffer.from('PK\x03\x04', 'latin1')
  return Buffer.concat([magic, commonFields(claims), Buffer.from(claims.name as string), claims.extra])
}

const centralHeader = (claims: Required<ZipClaims>, mode: number, start: number): Buffer => {
  const magic = Buffer.from('PK\x01\x02\x14\x03', 'latin1')
  const tail = Buffer.alloc(14)
  tail.writeUInt32LE((mode << 16) >>> 0, 6)
  tail.writeUInt32LE(start, 10)
  return Buffer.concat([magic, commonFields(claims), tail, Buffer.from(claims.name as string), claims.extra])
}
