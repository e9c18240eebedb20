import { toMegabytes } from '../../shared/megabytes.ts'
import { damagedPack } from './git-failure.ts'
import { createResolver } from './object-resolver.ts'
import type { ObjectStore } from './object-store.ts'
import { MAX_HEADER_BYTES, readEntryHeader } from './pack-entry.ts'
import type { PackFile } from './pack-file.ts'
import type { Pause } from './pause.ts'
import { GitError } from './types.ts'

const PACK_HEADER_BYTES = 12
const TRAILER_BYTES = 20

/** Below this much a high ratio is harmless, and common. */
const ANY_RATIO_BELOW_BYTES = 10_000_000

export interface PackLimits {
  objects: number
  /** Of one object, unpacked. */
  objectBytes: number
  /** Of all objects together, unpacked, the deltas counted on top. */
  totalBytes: number
  /** Bytes unpacked for each byte of the pack. */
  ratio: number
}

interface Unpacking {
  pack: PackFile
  store: ObjectStore
  limits: PackLimits
  pause: Pause
}

/**
 * Unpacks every object of a pack into the store, each once and in the order of the pack, a delta as soon as its base is
 * there. In memory are at most a delta and its base, however long the chains are. Stops before the first object that is too
 * much. Throws `GitError`, or the signal's reason.
 */
export const unpackPack = async (unpacking: Unpacking): Promise<void> => {
  const { pack, limits, pause } = unpacking
  const head = await pack.read(0, PACK_HEADER_BYTES)
  if (pack.bytes < PACK_HEADER_BYTES + TRAILER_BYTES || head.toString('latin1', 0, 4) !== 'PACK') throw damagedPack()
  const count = head.readUInt32BE(8)
  if (count > limits.objects)
    throw new GitError('too_many_files', `The repository has more than ${limits.objects} objects.`)
  const budget = createBudget(limits, pack.bytes)
  const resolver = createResolver(pack, unpacking.store, pause)
  let offset = PACK_HEADER_BYTES
  for (let index = 0; index < count; index += 1) {
    await pause()
    const entry = { ...readEntryHeader(await pack.read(offset, MAX_HEADER_BYTES), offset), offset, end: 0 }
    budget.spend(entry.size)
    offset = await resolver.take(entry, (resultBytes) => budget.spend(resultBytes))
  }
  if (offset !== pack.bytes - TRAILER_BYTES || resolver.waiting() > 0) throw damagedPack()
}

/** Refuses an object by what it states, before it is unpacked. */
const createBudget = ({ objectBytes, totalBytes, ratio }: PackLimits, packBytes: number) => {
  let spent = 0
  const spend = (bytes: number): void => {
    spent += bytes
    if (bytes > objectBytes) throw tooLarge(toMegabytes(objectBytes))
    if (spent > totalBytes) throw tooLarge(toMegabytes(totalBytes))
    if (spent > ANY_RATIO_BELOW_BYTES && spent > packBytes * ratio) throw tooLarge(`${ratio} times its size`)
  }
  return { spend }
}

const tooLarge = (limit: string) =>
  new GitError('too_large', `The repository unpacks to more than ${limit}, which is the limit.`)
