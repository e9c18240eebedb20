import { gzipSync } from 'node:zlib'

/** One entry of a tar; what is not given is written as an honest program would. */
export interface TarEntry {
  name: string
  data?: string | Uint8Array
  /** The type flag: `0` file (the default), `1` hard link, `2` link, `3` and `4` devices, `5` folder, `6` pipe. */
  type?: string
  linkName?: string
  declaredSize?: number
  /** The 12 bytes of the size field as they are written. */
  sizeField?: Uint8Array
  /** Added to the checksum of the header. */
  checksumError?: number
  /** Extended fields, written as an `x` header in front. */
  pax?: Record<string, string>
}

/** A tar byte by byte, so that its headers can lie. */
export const tarBytes = (entries: TarEntry[]): Buffer =>
  Buffer.concat([...entries.flatMap(entryBlocks), Buffer.alloc(1024)])

export const tarGzBytes = (entries: TarEntry[]): Buffer => gzipSync(tarBytes(entries))

const entryBlocks = (entry: TarEntry): Buffer[] => {
  const data = Buffer.from((entry.data ?? '') as string)
  const pax = entry.pax ? entryBlocks({ name: 'pax', type: 'x', data: paxRecords(entry.pax) }) : []
  return [...pax, headerBlock(entry, data.length), data, Buffer.alloc(-data.length & 511)]
}

const headerBlock = (entry: TarEntry, size: number): Buffer => {
  const block = Buffer.alloc(512)
  block.write(entry.name, 0, 100)
  block.write('0000777\0', 100)
  block.write('0000000\0', 108)
  block.write('0000000\0', 116)
  if (entry.sizeField) block.set(entry.sizeField, 124)
  else block.write(`${(entry.declaredSize ?? size).toString(8).padStart(11, '0')}\0`, 124)
  block.write('00000000000\0', 136)
  block.write('        ', 148)
  block.write(entry.type ?? '0', 156)
  block.write(entry.linkName ?? '', 157, 100)
  block.write('ustar\x0000', 257)
  const sum = block.reduce((total, byte) => total + byte, entry.checksumError ?? 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

/** Extended fields as the data of an entry of type `x`, or `g` for all entries behind it. */
export const paxRecords = (fields: Record<string, string>): string =>
  Object.entries(fields)
    .map(([key, value]) => {
      const rest = ` ${key}=${value}\n`
      const restBytes = Buffer.byteLength(rest)
      const digits = String(restBytes + String(restBytes).length).length
      return `${restBytes + digits}${rest}`
    })
    .join('')
