import { inflateSync } from 'node:zlib'
import { toMegabytes } from '../../shared/megabytes.ts'
import type { Pause } from './pause.ts'
import { GitError } from './types.ts'

const HEADER_BYTES = 12
const TRAILER_BYTES = 20
const OID_BYTES = 20
const OFFSET_DELTA = 6
const REFERENCE_DELTA = 7

export interface PackLimits {
  objects: number
  /** Of one object, unpacked. */
  objectBytes: number
  /** Of all objects together, unpacked, the deltas counted on top. */
  totalBytes: number
}

/**
 * Unpacks every object of a pack once and throws away the result, to see that it holds what it declares and that this is
 * not too much: isomorphic-git itself has no limit there, and a pack of a few megabytes can hold a terabyte of zeros.
 * Throws `GitError`.
 */
export const checkPack = async (pack: Uint8Array, limits: PackLimits, pause: Pause): Promise<void> => {
  const bytes = Buffer.from(pack.buffer, pack.byteOffset, pack.byteLength)
  if (bytes.length < HEADER_BYTES + TRAILER_BYTES || bytes.toString('latin1', 0, 4) !== 'PACK') throw damaged()
  const objects = bytes.readUInt32BE(8)
  if (objects > limits.objects)
    throw new GitError('too_many_files', `The repository has more than ${limits.objects} objects.`)
  let totalBytes = 0
  let offset = HEADER_BYTES
  for (let count = 0; count < objects; count += 1) {
    const object = checkObject(bytes, offset, limits)
    totalBytes += object.unpackedBytes
    if (totalBytes > limits.totalBytes) throw tooLarge(limits.totalBytes)
    offset = object.end
    await pause()
  }
  if (offset !== bytes.length - TRAILER_BYTES) throw damaged()
}

const checkObject = (pack: Buffer, start: number, limits: PackLimits) => {
  const header = readHeader(pack, start)
  if (header.size > limits.objectBytes) throw tooLarge(limits.objectBytes)
  const { content, consumed } = inflate(pack.subarray(header.end, pack.length - TRAILER_BYTES), header.size)
  const resultBytes = header.isDelta ? readDeltaResult(content) : 0
  if (resultBytes > limits.objectBytes) throw tooLarge(limits.objectBytes)
  return { unpackedBytes: header.size + resultBytes, end: header.end + consumed }
}

/** Type and size in groups of bits, then the base of a delta, whose value does not matter here. */
const readHeader = (pack: Buffer, start: number) => {
  const first = pack[start] ?? 0
  const type = (first >> 4) & 7
  const size = first & 0x80 ? readSize(pack, start + 1, first & 15, 4) : { value: first & 15, end: start + 1 }
  const isDelta = type === OFFSET_DELTA || type === REFERENCE_DELTA
  let { end } = size
  if (type === REFERENCE_DELTA) end += OID_BYTES
  if (type === OFFSET_DELTA) {
    while ((pack[end] ?? 0) & 0x80) end += 1
    end += 1
  }
  return { size: size.value, isDelta, end }
}

const MAX_SIZE_BITS = 49

/** A number in groups of seven bits, the lowest first; `value` already has `shift` bits. */
const readSize = (bytes: Uint8Array, start: number, value = 0, shift = 0) => {
  let end = start
  let sum = value
  for (let bits = shift; bits < MAX_SIZE_BITS; bits += 7) {
    const byte = bytes[end] ?? 0
    end += 1
    sum += (byte & 0x7f) * 2 ** bits
    if ((byte & 0x80) === 0) return { value: sum, end }
  }
  throw damaged()
}

const readDeltaResult = (delta: Uint8Array): number => readSize(delta, readSize(delta, 0).end).value

interface InflateInfo {
  buffer: Buffer
  engine: { bytesWritten: number }
}

const inflate = (bytes: Buffer, declaredBytes: number): { content: Buffer; consumed: number } => {
  try {
    // The types leave out what `info` changes: the result then also tells how much of the input was used.
    const options = { info: true, maxOutputLength: Math.max(declaredBytes, 1) }
    const { buffer, engine } = inflateSync(bytes, options) as unknown as InflateInfo
    if (buffer.length === declaredBytes) return { content: buffer, consumed: engine.bytesWritten }
  } catch (error) {
    throw damaged(error)
  }
  throw damaged()
}

const damaged = (cause?: unknown) => new GitError('protocol', 'The Git server sent a damaged pack.', { cause })

const tooLarge = (limit: number) =>
  new GitError('too_large', `The repository unpacks to more than ${toMegabytes(limit)}, which is the limit.`)
