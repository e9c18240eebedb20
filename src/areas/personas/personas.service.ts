import { isDeepStrictEqual } from 'node:util'
import { inTransaction } from '../../db/transaction.ts'
import { writeInBatches } from '../../db/write-in-batches.ts'
import type { Deps } from '../../deps.ts'
import { dropUndefined } from '../../shared/drop-undefined.ts'
import { newHexId, toHexId } from '../../shared/ids.ts'
import { findModelSettingsFault } from './model-settings.ts'
import { listPersonas } from './persona-list.store.ts'
import * as errors from './personas.errors.ts'
import type { CreatePersona, ListPersonasQuery, UpdatePersona } from './personas.schema.ts'
import {
  deletePersona,
  detachSomeConversations,
  findPersona,
  insertPersona,
  ownsPersona,
  readUsage,
  updatePersona,
} from './personas.store.ts'
import type { PersonaContent } from './personas.table.ts'

type ReadDeps = Pick<Deps, 'db'>
type WriteDeps = Pick<Deps, 'db' | 'clock'>

const maxPersonas = 10_000
/** Bounds what a search has to read. */
const maxBytes = 25_165_824

const defaultPageSize = 20
/** For chat plugins, which ask for no page and show what they get. */
const barePageSize = 100

/** The stored spelling of a persona's id, null for none. Throws 404 unless the persona is the user's own. */
export const checkPersona = ({ db }: ReadDeps, userId: string, personaId: string | null | undefined): string | null => {
  if (!personaId) return null
  if (!ownsPersona(db, userId, personaId)) throw errors.personaNotFound()
  return toHexId(personaId)
}

/** The user's own persona. Throws 404, for somebody else's too. */
export const getPersona = ({ db }: ReadDeps, userId: string, id: string): PersonaContent => {
  const persona = findPersona(db, userId, id)
  if (!persona) throw errors.personaNotFound()
  return persona
}

/** The user's own persona; undefined when it is none, gone or somebody else's. */
export const findOwnPersona = ({ db }: ReadDeps, userId: string, id: string | null): PersonaContent | undefined =>
  id === null ? undefined : findPersona(db, userId, id)

const toPage = ({ skip, limit, page, pageSize }: ListPersonasQuery) => {
  if (page !== undefined || pageSize !== undefined) {
    const size = pageSize ?? limit ?? defaultPageSize
    return { skip: ((page ?? 1) - 1) * size, limit: size }
  }
  return { skip: skip ?? 0, limit: limit ?? (skip === undefined ? barePageSize : defaultPageSize) }
}

const toFilters = ({ search, tags = '', is_active: isActive }: ListPersonasQuery) => ({
  search,
  tags: [...new Set(tags.split(',').map((tag) => tag.trim()))].filter(Boolean),
  isActive,
})

export const listPersonasOf = async ({ db }: ReadDeps, userId: string, query: ListPersonasQuery) => {
  const page = toPage(query)
  return { ...(await listPersonas(db, userId, toFilters(query), page)), ...page }
}

/** Throws 400 and undoes the write when it makes full personas fuller. */
const withinRoom = ({ db }: ReadDeps, userId: string, write: () => PersonaContent): PersonaContent =>
  inTransaction(db, () => {
    const before = readUsage(db, userId)
    const row = write()
    const after = readUsage(db, userId)
    const isFull = after.count > maxPersonas || after.bytes > maxBytes
    if (isFull && after.bytes > before.bytes) throw errors.noRoom()
    return row
  })

const checkModelSettings = (settings: Record<string, unknown> | null | undefined) => {
  const fault = settings ? findModelSettingsFault(settings) : undefined
  if (fault) throw errors.invalidModelSettings(fault)
}

/** What is not Unicode would be stored as U+FFFD; answers show what is stored. */
const wellFormed = (text: string | null | undefined) => text?.toWellFormed() ?? text

/** The columns that a body names. */
const toChanges = (body: UpdatePersona) =>
  dropUndefined({
    name: body.name?.toWellFormed(),
    description: wellFormed(body.description),
    systemPrompt: body.system_prompt?.toWellFormed(),
    modelSettings: body.model_settings,
    avatar: wellFormed(body.avatar),
    tags: body.tags?.map((tag) => tag.toWellFormed()) ?? body.tags,
    sampleGreeting: wellFormed(body.sample_greeting),
    isActive: body.is_active,
  })

const emptyToNull = <Value extends object>(value: Value | null | undefined): Value | null =>
  value && Object.keys(value).length > 0 ? value : null

/** Empty model settings and tags become null here, as in the reference; an update keeps them as they are sent. */
export const createPersona = (deps: WriteDeps, userId: string, body: CreatePersona): PersonaContent => {
  checkModelSettings(body.model_settings)
  const now = deps.clock()
  const sent = toChanges(body)
  const row: PersonaContent = {
    id: newHexId(),
    userId,
    name: body.name,
    description: null,
    systemPrompt: body.system_prompt,
    avatar: null,
    sampleGreeting: null,
    isActive: true,
    ...sent,
    modelSettings: emptyToNull(sent.modelSettings),
    tags: emptyToNull(sent.tags),
    createdAt: now,
    updatedAt: now,
  }
  return withinRoom(deps, userId, () => {
    insertPersona(deps.db, row)
    return row
  })
}

/** Writes only what differs: a persona that nothing happened to keeps its place in the list. */
export const editPersona = (deps: WriteDeps, userId: string, id: string, body: UpdatePersona): PersonaContent => {
  checkModelSettings(body.model_settings)
  return withinRoom(deps, userId, () => {
    const row = getPersona(deps, userId, id)
    const changed = { ...row, ...toChanges(body) }
    if (isDeepStrictEqual(changed, row)) return row
    const stamped = { ...changed, updatedAt: deps.clock() }
    updatePersona(deps.db, stamped)
    return stamped
  })
}

/**
 * Its conversations stay, without a persona. Each of them is a row to write anew, up to thousands: they are written
 * first, some at a time, and whoever takes the persona meanwhile loses it with the persona itself.
 */
export const removePersona = async (deps: ReadDeps, userId: string, id: string): Promise<void> => {
  const { db } = deps
  getPersona(deps, userId, id)
  await writeInBatches(() => detachSomeConversations(db, userId, id))
  if (!deletePersona(db, userId, id)) throw errors.personaNotFound()
}
