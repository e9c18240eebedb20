import { applyDelta, deltaResultBytes } from './delta.ts'
import { damagedPack } from './git-failure.ts'
import { inflateEntry } from './inflate-entry.ts'
import type { ObjectStore, StoredObject } from './object-store.ts'
import { type DeltaBase, type DeltaEntry, type Entry, isDelta, type ObjectType } from './pack-entry.ts'
import type { PackFile } from './pack-file.ts'
import type { Pause } from './pause.ts'
import { createWaiting } from './waiting-deltas.ts'

/** Stores objects, and the deltas that waited for them. */
export const createResolver = (pack: PackFile, store: ObjectStore, pause: Pause) => {
  const oids = new Map<number, string>()
  const waiting = createWaiting()
  const rooms = { delta: createRoom(), base: createRoom() }
  const findBase = (base: DeltaBase): StoredObject | undefined => {
    const oid = 'oid' in base ? base.oid : oids.get(base.offset)
    return oid === undefined ? undefined : store.find(oid)
  }
  const noteEnd = async function* (entry: Entry) {
    entry.end = yield* inflateEntry(pack, entry.offset + entry.headerBytes, entry.size)
  }
  const readDelta = async (entry: DeltaEntry): Promise<Buffer> => {
    const delta = rooms.delta(entry.size)
    let filled = 0
    for await (const piece of noteEnd(entry)) {
      delta.set(piece, filled)
      filled += piece.byteLength
    }
    return delta
  }
  const add = async (entry: Entry, type: ObjectType, size: number, pieces: AsyncIterable<Uint8Array>) => {
    const { oid } = await store.add(type, size, pieces)
    oids.set(entry.offset, oid)
    return waiting.take([oid, entry.offset])
  }
  const addDelta = async (entry: DeltaEntry, delta: Buffer, base: StoredObject): Promise<DeltaEntry[]> => {
    const content = await store.read(base, rooms.base(base.size))
    return await add(entry, base.type, deltaResultBytes(delta), applyDelta(delta, content, pause))
  }
  const addWaiting = async (ready: DeltaEntry[]): Promise<void> => {
    for (let entry = ready.pop(); entry; entry = ready.pop()) {
      await pause()
      const base = findBase(entry.content)
      if (!base) throw damagedPack()
      ready.push(...(await addDelta(entry, await readDelta(entry), base)))
    }
  }
  /** Returns where the next entry begins. `onDelta` is told how large the result of a delta is, before it is made. */
  const take = async (entry: Entry, onDelta: (resultBytes: number) => void): Promise<number> => {
    if (!isDelta(entry)) {
      await addWaiting(await add(entry, entry.content as ObjectType, entry.size, noteEnd(entry)))
      return entry.end
    }
    const delta = await readDelta(entry)
    onDelta(deltaResultBytes(delta))
    const base = findBase(entry.content)
    if (base) await addWaiting(await addDelta(entry, delta, base))
    else waiting.add(entry)
    return entry.end
  }
  return { take, waiting: waiting.count }
}

/** A buffer that is used again and again: many large ones at once would be garbage for a while. */
const createRoom = () => {
  let room = Buffer.alloc(0)
  return (bytes: number): Buffer => {
    if (room.length < bytes) room = Buffer.allocUnsafeSlow(bytes)
    return room.subarray(0, bytes)
  }
}
