import { createHash } from 'node:crypto'
import { deflateSync } from 'node:zlib'

const REFERENCE_DELTA = 7
const TYPES = { commit: 1, tree: 2, blob: 3, tag: 4 }

/** One object of a pack. */
export interface PackObject {
  type: keyof typeof TYPES
  content: Uint8Array
  /** 40 hex characters. */
  oid: string
  /** For lies: the size its header states. */
  declaredSize?: number
  /** Stored as a delta against this object; `oid` is that of the result. */
  delta?: { base: PackObject; bytes: Uint8Array }
}

export const packObject = (type: PackObject['type'], content: string | Uint8Array): PackObject => {
  const bytes = Buffer.from(content as string)
  const oid = createHash('sha1').update(`${type} ${bytes.length}\0`).update(bytes).digest('hex')
  return { type, content: bytes, oid }
}

/** A tree object byte by byte, so that its names need not be sane. */
export const treeObject = (entries: { mode: string; name: string; oid: string }[]): PackObject =>
  packObject(
    'tree',
    Buffer.concat(
      entries.flatMap(({ mode, name, oid }) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, 'hex')]),
    ),
  )

export const commitObject = (tree: PackObject): PackObject =>
  packObject('commit', `tree ${tree.oid}\nauthor A <a@b> 0 +0000\ncommitter A <a@b> 0 +0000\n\nx\n`)

/** A delta that copies the whole base `copies` times; `resultSize` is for lies. */
export const copyDelta = (base: PackObject, copies: number, resultSize?: number): PackObject => {
  const { length } = base.content
  const content = Buffer.concat(Array.from({ length: copies }, () => base.content))
  const copy = [0b1111_0000, length & 0xff, (length >> 8) & 0xff, length >> 16]
  const sizes = [length, resultSize ?? content.length].flatMap(sevenBitGroups)
  const bytes = Buffer.from([...sizes, ...Array.from({ length: copies }, () => copy).flat()])
  return { ...packObject(base.type, content), delta: { base, bytes } }
}

/** A delta that copies the whole base and adds a few bytes. */
export const growDelta = (base: PackObject, tail: string): PackObject => {
  const { length } = base.content
  const content = Buffer.concat([base.content, Buffer.from(tail)])
  const sizes = [length, content.length].flatMap(sevenBitGroups)
  const copy = [0b1111_0000, length & 0xff, (length >> 8) & 0xff, length >> 16]
  const bytes = Buffer.concat([Buffer.from([...sizes, ...copy, tail.length]), Buffer.from(tail)])
  return { ...packObject(base.type, content), delta: { base, bytes } }
}

const sevenBitGroups = (value: number): number[] =>
  value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...sevenBitGroups(Math.floor(value / 0x80))]

/** A pack of these objects. */
export const packBytes = (objects: PackObject[]): Buffer => {
  const head = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1')
  head.writeUInt32BE(objects.length, 8)
  const entries = objects.flatMap(({ type, content, declaredSize, delta }) =>
    delta
      ? [packHeader(REFERENCE_DELTA, delta.bytes.length), Buffer.from(delta.base.oid, 'hex'), deflateSync(delta.bytes)]
      : [packHeader(TYPES[type], declaredSize ?? content.length), deflateSync(content)],
  )
  const body = Buffer.concat([head, ...entries])
  return Buffer.concat([body, createHash('sha1').update(body).digest()])
}

/** The header of one entry: type and size in groups of bits. */
export const packHeader = (type: number, size: number): Buffer => {
  const bytes = [(type << 4) | (size & 15)]
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 0x80
    bytes.push(rest & 0x7f)
  }
  return Buffer.from(bytes)
}

const packetLine = (content: string | Uint8Array): Buffer => {
  const bytes = Buffer.from(content as string)
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, '0')), bytes])
}

/** What a Git server says first: the refs that it offers. */
export const advertisement = (refs: Record<string, string>): Buffer => {
  const capabilities = 'multi_ack_detailed side-band-64k ofs-delta shallow no-done symref=HEAD:refs/heads/main'
  const lines = Object.entries(refs).map(([name, oid], index) =>
    packetLine(`${oid} ${name}${index === 0 ? `\0${capabilities}` : ''}\n`),
  )
  return Buffer.concat([packetLine('# service=git-upload-pack\n'), Buffer.from('0000'), ...lines, Buffer.from('0000')])
}

/** What a Git server answers with a pack, in packets of the side band. */
export const packAnswer = (pack: Uint8Array, shallow: string): Buffer => {
  const packets: Buffer[] = []
  for (let offset = 0; offset < pack.length; offset += 60_000) {
    packets.push(packetLine(Buffer.concat([Buffer.from([1]), pack.subarray(offset, offset + 60_000)])))
  }
  const start = [packetLine(`shallow ${shallow}\n`), Buffer.from('0000'), packetLine('NAK\n')]
  return Buffer.concat([...start, ...packets, Buffer.from('0000')])
}
