import type { Deps } from '../../deps.ts'
import { storageFull } from './plugin-state.errors.ts'
import type { CreateState, CreateStates, ItemError, SyncItem, SyncStates } from './plugin-state.schema.ts'
import { openStates } from './plugin-state.service.ts'
import { markConflict } from './plugin-state.store.ts'
import type { PluginStateRow } from './plugin-state.table.ts'
import { packDocument, type StateDocument } from './state-document.ts'
import { toConflictText, toStateKey, toStateSettings, toStateText } from './state-fields.schema.ts'
import { makeRoom } from './state-quota.ts'
import { type Author, type WriteDeps, writeStates } from './state-writes.ts'

/** One after the other: a batch must not take every thread of the pool from others. */
const packAll = async <Item extends CreateState>(deps: WriteDeps, userId: string, items: Item[]) => {
  const packed: { item: Item; document: StateDocument }[] = []
  for (const item of items) packed.push({ item, document: await packDocument(item.state_data) })
  await makeRoom(
    deps,
    userId,
    packed.map(({ document }) => document),
  )
  return packed
}

/**
 * Creates what it can, in one transaction. `created` are JSON texts of states; in `errors` is what exists already or
 * does not fit the quota.
 */
export const createStates = async (deps: WriteDeps, author: Author, { states }: CreateStates) => {
  const packed = await packAll(deps, author.userId, states)
  return writeStates(deps, author, (writes) => {
    const created: string[] = []
    const errors: ItemError[] = []
    for (const [index, { item, document }] of packed.entries()) {
      const key = toStateKey(item)
      const isTaken = writes.find(key) !== undefined
      const row = isTaken ? undefined : writes.create(key, document, toStateSettings(item))
      if (row) created.push(toStateText(row, document.text))
      else {
        const error = isTaken ? 'State already exists' : storageFull.message
        errors.push({ index, plugin_id: item.plugin_id, error })
      }
    }
    return { created, errors }
  })
}

/** Another device has written what this one has not seen. */
const isConflict = (stored: PluginStateRow, deviceId: string | undefined, version: number | null | undefined) =>
  stored.deviceId !== deviceId && stored.version !== version

interface Conflict {
  item: SyncItem
  index: number
  stateId: string
}

async function* openConflicts(deps: Pick<Deps, 'db' | 'clock'>, userId: string, conflicts: Conflict[]) {
  for (const { item, index, stateId } of conflicts) {
    for await (const state of openStates(deps, userId, [stateId])) yield toConflictText(item, index, state)
  }
}

/**
 * Brings the server to what a device has, state by state, in one transaction. `synced` are JSON texts of states;
 * `conflicts` are JSON texts too, but are read only when they are asked for: they may be far larger than what was sent.
 */
export const syncStates = async (deps: WriteDeps, author: Author, body: SyncStates) => {
  const packed = await packAll(deps, author.userId, body.states)
  const outcome = writeStates(deps, author, (writes) => {
    const synced: string[] = []
    const conflicts: Conflict[] = []
    const errors: ItemError[] = []
    for (const [index, { item, document }] of packed.entries()) {
      const settings = toStateSettings({ ...item, device_id: item.device_id || body.device_id })
      const key = toStateKey(item)
      const stored = writes.find(key)
      if (stored && !body.force_overwrite && isConflict(stored, settings.deviceId, item.version)) {
        markConflict(deps.db, author.userId, stored.id)
        conflicts.push({ item, index, stateId: stored.id })
        continue
      }
      const row = stored ? writes.update(stored, document, settings) : writes.create(key, document, settings)
      if (row) synced.push(toStateText(row, document.text))
      else errors.push({ index, plugin_id: item.plugin_id, error: storageFull.message })
    }
    return { synced, conflicts, errors }
  })
  return { ...outcome, conflicts: openConflicts(deps, author.userId, outcome.conflicts) }
}
