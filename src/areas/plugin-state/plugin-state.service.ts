import type { Deps } from '../../deps.ts'
import { toIso } from '../../shared/clock.ts'
import { listStateIds, type Page, type StateFilters } from './plugin-state-list.store.ts'
import * as errors from './plugin-state.errors.ts'
import type { CreateState, StateStats, UpdateState } from './plugin-state.schema.ts'
import { findLiveState, touchState } from './plugin-state.store.ts'
import type { PluginStateRow } from './plugin-state.table.ts'
import { packDocument, unpackDocument } from './state-document.ts'
import { toStateKey, toStateSettings, toStateText } from './state-fields.schema.ts'
import { makeRoom } from './state-quota.ts'
import { readStats } from './state-usage.store.ts'
import { type Author, type WriteDeps, writeStates } from './state-writes.ts'

type ReadDeps = Pick<Deps, 'db' | 'clock'>

const refuse = (): never => {
  throw errors.storageFull()
}

const openState = async (row: PluginStateRow): Promise<string> => toStateText(row, await unpackDocument(row))

/** The new state as JSON text, as of all that follow: a stored document is never parsed again. */
export const createState = async (deps: WriteDeps, author: Author, body: CreateState): Promise<string> => {
  const document = await packDocument(body.state_data)
  await makeRoom(deps, author.userId, [document])
  const row = writeStates(deps, author, (writes) => {
    const key = toStateKey(body)
    if (writes.find(key)) throw errors.stateExists()
    return writes.create(key, document, toStateSettings(body)) ?? refuse()
  })
  return toStateText(row, document.text)
}

/** Counts as an access. */
export const getState = async ({ db, clock }: ReadDeps, userId: string, id: string): Promise<string> => {
  const row = touchState(db, userId, id, clock())
  if (!row) throw errors.stateNotFound()
  return openState(row)
}

export const changeState = async (deps: WriteDeps, author: Author, id: string, body: UpdateState): Promise<string> => {
  const document = body.state_data ? await packDocument(body.state_data) : undefined
  if (document) await makeRoom(deps, author.userId, [document])
  const row = writeStates(deps, author, (writes) => {
    const old = findLiveState(deps.db, author.userId, id, writes.now)
    if (!old) throw errors.stateNotFound()
    if (typeof body.version === 'number' && body.version !== old.version) throw errors.versionConflict()
    return writes.update(old, document, toStateSettings(body)) ?? refuse()
  })
  return document ? toStateText(row, document.text) : openState(row)
}

export const removeState = (deps: WriteDeps, author: Author, id: string): void =>
  writeStates(deps, author, (writes) => {
    const row = findLiveState(deps.db, author.userId, id, writes.now)
    if (!row) throw errors.stateNotFound()
    writes.remove(row)
  })

/** The states of these ids, read and opened one by one. Who was deleted meanwhile is left out. */
export async function* openStates({ db, clock }: ReadDeps, userId: string, ids: string[]): AsyncGenerator<string> {
  for (const id of ids) {
    const row = findLiveState(db, userId, id, clock())
    if (row) yield openState(row)
  }
}

export const listStates = (deps: ReadDeps, userId: string, filters: StateFilters, page: Page) =>
  openStates(deps, userId, listStateIds(deps.db, userId, filters, { ...page, now: deps.clock() }))

export const getStats = ({ db, clock }: ReadDeps, userId: string): typeof StateStats.static => {
  const stats = readStats(db, userId, clock())
  const { states = 0, activeStates = 0, bytes = 0, plugins = 0, lastAccessed = null } = stats ?? {}
  return {
    total_states: states,
    active_states: activeStates,
    total_size: bytes,
    plugins_with_state: plugins,
    average_state_size: states === 0 ? 0 : bytes / states,
    last_activity: lastAccessed === null ? null : toIso(lastAccessed),
  }
}
