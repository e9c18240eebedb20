import type { Deps } from '../../deps.ts'
import { inTransaction } from '../../db/transaction.ts'
import { dropUndefined } from '../../shared/drop-undefined.ts'
import { newUuid } from '../../shared/ids.ts'
import type { StateDocument } from './state-document.ts'
import { insertChange, trimChangesOfState } from './plugin-state-history.store.ts'
import { deleteState, findStateOfKey, insertState, type StateKey, updateState } from './plugin-state.store.ts'
import type { PluginStateHistoryRow, PluginStateRow } from './plugin-state.table.ts'
import { createQuota } from './state-quota.ts'

export type WriteDeps = Pick<Deps, 'db' | 'clock' | 'config'>

/** Whose states are written, and what the history notes about the request. */
export interface Author {
  userId: string
  userAgent: string | null
  ipAddress: string | null
}

type Settings = Pick<PluginStateRow, 'stateStrategy' | 'ttlExpiresAt' | 'deviceId' | 'stateSchemaVersion'>
/** What is undefined stays as it is. */
type SettingChanges = { [Field in keyof Settings]?: Settings[Field] | undefined }

const changesPerState = 10

const openWrites = (deps: WriteDeps, author: Author) => {
  const { db } = deps
  const { userId } = author
  const now = deps.clock()
  const quota = createQuota(deps, userId)
  const record = (changeType: PluginStateHistoryRow['changeType'], row: PluginStateRow) => {
    const { version, deviceId, compressionType, stateSize, stateData } = row
    const content = { version, deviceId, compressionType, stateSize, stateData }
    insertChange(db, { ...content, ...author, id: newUuid(), pluginStateId: row.id, changeType, createdAt: now })
    if (version >= changesPerState) trimChangesOfState(db, userId, row.id, changesPerState)
  }
  const remove = (row: PluginStateRow) => {
    deleteState(db, userId, row.id)
    quota.take(-1, -row.stateSize)
    record('delete', row)
  }
  return {
    now,
    remove,
    trimHistory: quota.trimHistory,
    /** The live state of a key. An expired one is removed. */
    find(key: StateKey): PluginStateRow | undefined {
      const row = findStateOfKey(db, userId, key)
      if (!row || row.ttlExpiresAt === null || row.ttlExpiresAt > now) return row
      remove(row)
      return undefined
    },
    /** Undefined when the quota has no room. The key must be free. */
    create(key: StateKey, document: StateDocument, settings: SettingChanges): PluginStateRow | undefined {
      const row: PluginStateRow = {
        stateStrategy: 'persistent',
        ttlExpiresAt: null,
        deviceId: null,
        stateSchemaVersion: null,
        ...dropUndefined(settings),
        ...key,
        ...document.stored,
        id: newUuid(),
        userId,
        syncStatus: 'synced',
        isActive: true,
        version: 1,
        accessCount: 0,
        lastAccessed: now,
        createdAt: now,
        updatedAt: now,
      }
      if (!quota.take(1, row.stateSize)) return undefined
      insertState(db, row)
      record('create', row)
      return row
    },
    /** Undefined when the quota has no room. */
    update(
      old: PluginStateRow,
      document: StateDocument | undefined,
      settings: SettingChanges,
    ): PluginStateRow | undefined {
      const row: PluginStateRow = {
        ...old,
        ...dropUndefined(settings),
        ...document?.stored,
        version: old.version + 1,
        syncStatus: 'synced',
        lastAccessed: now,
        accessCount: old.accessCount + 1,
        updatedAt: now,
      }
      if (!quota.take(0, row.stateSize - old.stateSize)) return undefined
      updateState(db, row)
      record('update', row)
      return row
    },
  }
}

type StateWrites = ReturnType<typeof openWrites>

/** Runs `work` in one transaction, in which every change leaves a row in the history and the user stays within the quota. */
export const writeStates = <T>(
  deps: WriteDeps,
  author: Author,
  work: (writes: StateWrites) => T extends PromiseLike<unknown> ? never : T,
): T =>
  inTransaction<T>(deps.db, () => {
    const writes = openWrites(deps, author)
    const result = work(writes)
    writes.trimHistory()
    return result
  })
