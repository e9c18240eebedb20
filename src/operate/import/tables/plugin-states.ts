import { gunzipSync, gzipSync } from 'node:zlib'
import { eq } from 'drizzle-orm'
import {
  pluginStateHistory,
  pluginStates,
  stateChanges,
  stateStrategies,
  syncStatuses,
} from '../../../areas/plugin-state/plugin-state.table.ts'
import { toPageId, toUuid } from '../../../shared/ids.ts'
import { type ImportRun, ownerOf, timesOf } from '../import-run.ts'
import { importTable } from '../import-table.ts'
import { isFields, parseLooseJson } from '../source/loose-json.ts'
import { RowDropped } from '../row-dropped.ts'
import { uuidOf } from '../source/row-ids.ts'
import { oneOf } from '../source/row-choice.ts'
import type { SourceRow } from '../source/source-row.ts'

/** Longer documents are stored compressed, as the server does it. */
const plainUpTo = 1024
const maxDocumentBytes = 64 * 1024 * 1024

const unzip = (text: string): string | null => {
  try {
    return gunzipSync(Buffer.from(text, 'base64'), { maxOutputLength: maxDocumentBytes }).toString('utf8')
  } catch {
    return null
  }
}

/** Compressed or not, whatever the row says of itself: gzip in Base64 begins with `H4sI`. */
const readDocument = (row: SourceRow): Record<string, unknown> => {
  const stored = row.prose('state_data') ?? ''
  const text = stored.startsWith('H4sI') ? unzip(stored) : stored
  const document = text === null ? undefined : parseLooseJson(text)
  if (!isFields(document)) throw new RowDropped('its state is no JSON object')
  return document
}

const documentOf = (row: SourceRow) => {
  const bytes = Buffer.from(JSON.stringify(readDocument(row)))
  const isPlain = bytes.length <= plainUpTo
  const stateData = isPlain ? bytes : gzipSync(bytes)
  return { stateData, stateSize: stateData.length, compressionType: isPlain ? null : ('gzip' as const) }
}

const positive = { min: 1, max: Number.MAX_SAFE_INTEGER, fallback: 1 }

/** Of several states under one key the one that changed last is kept (plugins.md 6). */
const importStates = (run: ImportRun): void =>
  importTable(run, {
    source: 'plugin_states',
    target: pluginStates,
    key: ['id'],
    order: { times: ['updated_at', 'created_at'], newestFirst: true },
    taken: 'there is a newer one under its key, or one that was here before',
    read: (row) => {
      const pluginId = row.line('plugin_id')
      if (!pluginId) throw new RowDropped('it names no plugin')
      const times = timesOf(run, row)
      return {
        id: uuidOf(row),
        userId: ownerOf(run, row),
        pluginId,
        pageId: toPageId(row.line('page_id')?.trim() ?? ''),
        stateKey: row.line('state_key') ?? '',
        stateStrategy: oneOf(row, 'state_strategy', stateStrategies, 'persistent'),
        syncStatus: oneOf(row, 'sync_status', syncStatuses, 'synced'),
        isActive: row.flag('is_active', true),
        version: row.integer('version', positive),
        deviceId: row.line('device_id'),
        stateSchemaVersion: row.line('state_schema_version'),
        ttlExpiresAt: row.time('ttl_expires_at'),
        lastAccessed: row.time('last_accessed') ?? times.updatedAt,
        accessCount: row.integer('access_count', { ...positive, min: 0, fallback: 0 }),
        ...times,
        ...documentOf(row),
      }
    },
  })

/** Of deleted states nobody knows whose they were. */
const importHistory = (run: ImportRun): void => {
  const { db } = run.deps
  const stateOf = (id: string) =>
    db.select({ userId: pluginStates.userId }).from(pluginStates).where(eq(pluginStates.id, id)).get()
  importTable(run, {
    source: 'plugin_state_history',
    target: pluginStateHistory,
    key: ['id'],
    read: (row) => {
      const pluginStateId = toUuid(row.line('plugin_state_id')?.trim() ?? '')
      const state = stateOf(pluginStateId)
      if (!state) throw new RowDropped('its state was not imported')
      return {
        id: uuidOf(row),
        userId: state.userId,
        pluginStateId,
        version: row.integer('version', positive),
        changeType: oneOf(row, 'change_type', stateChanges, 'update'),
        deviceId: row.line('device_id'),
        userAgent: row.line('user_agent'),
        ipAddress: row.line('ip_address'),
        createdAt: timesOf(run, row).createdAt,
        ...documentOf(row),
      }
    },
  })
}

export const importPluginStates = (run: ImportRun): void => {
  importStates(run)
  importHistory(run)
}
