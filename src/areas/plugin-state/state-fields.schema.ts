import { withJsonText } from '../../http/json-text.ts'
import { parseIso, toIso } from '../../shared/clock.ts'
import { toPageId } from '../../shared/ids.ts'
import type { CreateState, ListStatesQuery, State, SyncConflict, SyncItem, UpdateState } from './plugin-state.schema.ts'
import type { PluginStateRow } from './plugin-state.table.ts'

/** Not Unicode would be stored as U+FFFD; the answer shows what is stored. */
export const toStateKey = (body: Pick<CreateState, 'plugin_id' | 'page_id' | 'state_key'>) => ({
  pluginId: body.plugin_id.toWellFormed(),
  pageId: toPageId(body.page_id ?? ''),
  stateKey: body.state_key?.toWellFormed() ?? '',
})

type Settings = Pick<UpdateState, 'state_strategy' | 'ttl_expires_at' | 'device_id' | 'state_schema_version'>

const toExpiry = (text: string | null | undefined) => (typeof text === 'string' ? (parseIso(text) ?? null) : text)

/** What a body says about a state; undefined leaves it as it is. */
export const toStateSettings = (body: Settings) => ({
  stateStrategy: body.state_strategy ?? undefined,
  ttlExpiresAt: toExpiry(body.ttl_expires_at),
  deviceId: body.device_id?.toWellFormed(),
  stateSchemaVersion: body.state_schema_version?.toWellFormed(),
})

export const toFilters = (query: ListStatesQuery) => ({
  pluginId: query.plugin_id || undefined,
  pageId: query.page_id ? toPageId(query.page_id) : undefined,
  stateKey: query.state_key || undefined,
  stateStrategy: query.state_strategy || undefined,
  syncStatus: query.sync_status || undefined,
  isActive: query.is_active,
  deviceId: query.device_id || undefined,
})

/** A state as JSON text, around the text of its document. */
export const toStateText = (row: PluginStateRow, document: string): string => {
  const fields: Omit<State, 'state_data'> = {
    id: row.id,
    user_id: row.userId,
    plugin_id: row.pluginId,
    page_id: row.pageId || null,
    state_key: row.stateKey || null,
    state_strategy: row.stateStrategy,
    ttl_expires_at: row.ttlExpiresAt === null ? null : toIso(row.ttlExpiresAt),
    state_schema_version: row.stateSchemaVersion,
    compression_type: row.compressionType,
    state_size: row.stateSize,
    last_accessed: toIso(row.lastAccessed),
    access_count: row.accessCount,
    is_active: row.isActive,
    version: row.version,
    device_id: row.deviceId,
    sync_status: row.syncStatus,
    created_at: toIso(row.createdAt),
    updated_at: toIso(row.updatedAt),
  }
  return withJsonText(fields, { state_data: document })
}

/** One entry of `conflicts`, around the text of the state that the server keeps. */
export const toConflictText = (item: SyncItem, index: number, serverState: string): string => {
  const { pluginId, pageId, stateKey } = toStateKey(item)
  const fields: Omit<SyncConflict, 'server_state'> = {
    index,
    plugin_id: pluginId,
    page_id: pageId || null,
    state_key: stateKey || null,
    client_version: item.version ?? null,
  }
  return withJsonText(fields, { server_state: serverState })
}
