import { t } from 'elysia'
import { JsonObject, JsonObjectOrNull } from '../../http/json-object.ts'
import { pageFields } from '../../http/pagination.ts'
import { IntegerInput, Nullable, OptionalText, QueryFlag, TimeText, Timestamp } from '../../http/wire-types.ts'

const maxStates = 500

const Strategy = t.Union([t.Literal('none'), t.Literal('session'), t.Literal('persistent'), t.Literal('custom')], {
  description: 'A label for clients: the server keeps all four alike',
})
const SyncStatus = t.Union([t.Literal('synced'), t.Literal('pending'), t.Literal('conflict')])
const Version = IntegerInput({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

export const StateParams = t.Object({
  stateId: t.String({ maxLength: 100, description: 'With or without dashes' }),
})

const keyFields = {
  plugin_id: t.String({ minLength: 1, maxLength: 255, description: 'Free text; clients send the slug' }),
  page_id: OptionalText(255, 'Empty means none'),
  state_key: OptionalText(255, 'Empty means none'),
}
const settingFields = {
  state_strategy: t.Optional(Nullable(Strategy)),
  ttl_expires_at: t.Optional(Nullable(TimeText('From then on the state counts as deleted'))),
  device_id: OptionalText(255),
  state_schema_version: OptionalText(50),
}

const newStateFields = { ...keyFields, ...settingFields, state_data: JsonObject('Any JSON object') }
export const CreateState = t.Object(newStateFields)
export type CreateState = typeof CreateState.static

export const UpdateState = t.Object(
  {
    ...settingFields,
    state_data: t.Optional(JsonObjectOrNull('Replaces the whole object')),
    version: t.Optional(Nullable(Version)),
  },
  {
    description:
      'What is null or missing stays as it is; only a null `ttl_expires_at` takes the end away. With a `version`, answers 409 when the state has another one',
  },
)
export type UpdateState = typeof UpdateState.static

export const CreateStates = t.Object({ states: t.Array(CreateState, { maxItems: maxStates }) })
export type CreateStates = typeof CreateStates.static

const SyncItem = t.Object({ ...newStateFields, version: t.Optional(Nullable(Version)) })
export type SyncItem = typeof SyncItem.static

export const SyncStates = t.Object({
  device_id: t.String({ minLength: 1, maxLength: 255, description: 'Of all states that name none themselves' }),
  states: t.Array(SyncItem, { maxItems: maxStates }),
  force_overwrite: t.Optional(t.Boolean({ default: false })),
})
export type SyncStates = typeof SyncStates.static

const orEmpty = t.Literal('')
const filterText = t.Optional(t.String({ maxLength: 255, description: 'Exact; an empty text is no filter' }))
const { limit, skip } = pageFields(100, 1000)

export const ListStatesQuery = t.Object({
  plugin_id: filterText,
  page_id: filterText,
  state_key: filterText,
  state_strategy: t.Optional(t.Union([...Strategy.anyOf, orEmpty])),
  sync_status: t.Optional(t.Union([...SyncStatus.anyOf, orEmpty])),
  is_active: QueryFlag(),
  device_id: filterText,
  limit,
  offset: skip,
})
export type ListStatesQuery = typeof ListStatesQuery.static

export const State = t.Object({
  id: t.String({ description: 'UUID' }),
  user_id: t.String(),
  plugin_id: t.String(),
  page_id: Nullable(t.String()),
  state_key: Nullable(t.String()),
  state_strategy: Strategy,
  ttl_expires_at: Nullable(Timestamp),
  state_schema_version: Nullable(t.String()),
  compression_type: Nullable(t.Literal('gzip')),
  state_size: t.Integer({ description: 'Bytes as stored' }),
  last_accessed: Timestamp,
  access_count: t.Integer(),
  is_active: t.Boolean(),
  version: t.Integer({ description: 'Counts updates; the first is 1' }),
  device_id: Nullable(t.String()),
  sync_status: SyncStatus,
  created_at: Timestamp,
  updated_at: Timestamp,
  state_data: JsonObject(),
})
export type State = typeof State.static
export const States = t.Array(State)

const ItemError = t.Object({ index: t.Integer(), plugin_id: t.String(), error: t.String() })
export type ItemError = typeof ItemError.static

export const CreatedStates = t.Object({ created: States, errors: t.Array(ItemError) })

const SyncConflict = t.Object({
  index: t.Integer(),
  plugin_id: t.String(),
  page_id: Nullable(t.String()),
  state_key: Nullable(t.String()),
  client_version: Nullable(t.Integer()),
  server_state: State,
})
export type SyncConflict = typeof SyncConflict.static

export const SyncedStates = t.Object({
  success: t.Boolean(),
  synced: States,
  conflicts: t.Array(SyncConflict),
  errors: t.Array(ItemError),
})

export const StateStats = t.Object({
  total_states: t.Integer(),
  active_states: t.Integer(),
  total_size: t.Integer({ description: 'Bytes as stored' }),
  plugins_with_state: t.Integer(),
  average_state_size: t.Number(),
  last_activity: Nullable(Timestamp),
})

export const CleanUpAnswer = t.Object({ message: t.String(), deleted_count: t.Integer() })
