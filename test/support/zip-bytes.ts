import { crc32, deflateRawSync } from 'node:zlib'

/** One entry of a zip; what is not given is written as an honest program would. */
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
}

const UTF8 = 0x800

/** A zip byte by byte, so that its headers can lie. */
export const zipBytes = (entries: ZipEntry[]): Buffer => {
  const locals: Buffer[] = []
  const directory: Buffer[] = []
  const starts: number[] = []
  let offset = 0
  for (const entry of entries) {
    const name = Buffer.from(entry.name as string)
    const source = entry.sharesDataOf === undefined ? entry : (entries[entry.sharesDataOf] ?? entry)
    const data = Buffer.from((source.data ?? '') as string)
    const method = entry.method ?? 8
    const packed = method === 0 ? data : deflateRawSync(data)
    const fields = {
      entry,
      name,
      method,
      packed,
      size: entry.declaredSize ?? data.length,
      crc: entry.crc ?? crc32(data),
    }
    const start = entry.sharesDataOf === undefined ? offset : (starts[entry.sharesDataOf] ?? 0)
    starts.push(start)
    directory.push(header(fields, start), name)
    if (entry.sharesDataOf !== undefined) continue
    const local = Buffer.concat([header(fields), name, packed])
    locals.push(local)
    offset += local.length
  }
  const central = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, central, end])
}

interface Fields {
  entry: ZipEntry
  name: Buffer
  method: number
  packed: Buffer
  size: number
  crc: number
}

// The local header and the one of the directory share most fields; the latter has an offset.
const header = ({ entry, name, method, packed, size, crc }: Fields, offset?: number): Buffer => {
  const isCentral = offset !== undefined
  const bytes = Buffer.alloc(isCentral ? 46 : 30)
  let at = bytes.writeUInt32LE(isCentral ? 0x02014b50 : 0x04034b50, 0)
  if (isCentral) at = bytes.writeUInt16LE((3 << 8) | 20, at)
  at = bytes.writeUInt16LE(20, at)
  at = bytes.writeUInt16LE(entry.flags ?? UTF8, at)
  at = bytes.writeUInt16LE(method, at)
  at += 4
  at = bytes.writeUInt32LE(crc, at)
  at = bytes.writeUInt32LE(packed.length, at)
  at = bytes.writeUInt32LE(size, at)
  bytes.writeUInt16LE(name.length, at)
  if (isCentral) bytes.writeUInt32LE(((entry.mode ?? 0) << 16) >>> 0, 38)
  if (isCentral) bytes.writeUInt32LE(offset, 42)
  return bytes
}
