import { t } from 'elysia'
import { JsonObjectOrNull } from '../../http/json-object.ts'
import { optionalPageFields } from '../../http/pagination.ts'
import { IntegerInput, Nullable, OptionalText, QueryFlag, Timestamp } from '../../http/wire-types.ts'
import { toIso } from '../../shared/clock.ts'
import type { PersonaContent } from './personas.table.ts'

export const PersonaParams = t.Object({
  personaId: t.String({ maxLength: 100, description: 'With or without dashes' }),
})

/** `page` and `pageSize`, as the web client sends them, win over `skip` and `limit` (ai.md 9.3). */
export const ListPersonasQuery = t.Object({
  ...optionalPageFields(),
  page: t.Optional(IntegerInput({ minimum: 1, maximum: 20_000_000, description: 'Counted from 1' })),
  pageSize: t.Optional(IntegerInput({ minimum: 1, maximum: 100 })),
  search: t.Optional(t.String({ maxLength: 500, description: 'Part of name, description or prompt, in any case' })),
  tags: t.Optional(t.String({ maxLength: 5200, description: 'Separated by commas; a persona must have all of them' })),
  is_active: QueryFlag(),
})
export type ListPersonasQuery = typeof ListPersonasQuery.static

const Name = t.String({ minLength: 1, maxLength: 100 })
const SystemPrompt = t.String({ minLength: 1, maxLength: 100_000 })
/** Without a comma, since that separates the tags of a filter. */
const TagText = t.String({ maxLength: 100, pattern: '^[^,]*$' })
const optionalFields = {
  description: OptionalText(10_000),
  model_settings: t.Optional(JsonObjectOrNull('Sampling parameters; at most 64 KB as JSON')),
  avatar: OptionalText(100_000, 'URL or data URL'),
  tags: t.Optional(Nullable(t.Array(TagText, { maxItems: 50 }))),
  sample_greeting: OptionalText(20_000),
  is_active: t.Optional(t.Boolean()),
}

export const CreatePersona = t.Object({ name: Name, system_prompt: SystemPrompt, ...optionalFields })
export type CreatePersona = typeof CreatePersona.static

export const UpdatePersona = t.Object(
  { name: t.Optional(Name), system_prompt: t.Optional(SystemPrompt), ...optionalFields },
  { description: 'What is missing stays as it is; null clears' },
)
export type UpdatePersona = typeof UpdatePersona.static

export const Persona = t.Object({
  id: t.String({ description: '32 hex characters' }),
  name: t.String(),
  description: Nullable(t.String()),
  system_prompt: t.String(),
  model_settings: JsonObjectOrNull(),
  avatar: Nullable(t.String()),
  tags: Nullable(t.Array(t.String())),
  sample_greeting: Nullable(t.String()),
  is_active: t.Boolean(),
  user_id: t.String(),
  created_at: Timestamp,
  updated_at: Timestamp,
})

export const Personas = t.Object({
  personas: t.Array(Persona),
  total_items: t.Integer(),
  totalItems: t.Integer({ description: 'The same as `total_items`' }),
  page: t.Integer({ description: 'Counted from 1' }),
  page_size: t.Integer(),
  total_pages: t.Integer({ description: '0 if there is nothing' }),
})

export const PersonaTags = t.Object({ tags: t.Array(t.String()) })

export const Nothing = t.Void()

export const toPersona = (row: PersonaContent): typeof Persona.static => ({
  id: row.id,
  name: row.name,
  description: row.description,
  system_prompt: row.systemPrompt,
  model_settings: row.modelSettings,
  avatar: row.avatar,
  tags: row.tags,
  sample_greeting: row.sampleGreeting,
  is_active: row.isActive,
  user_id: row.userId,
  created_at: toIso(row.createdAt),
  updated_at: toIso(row.updatedAt),
})

interface PersonaPage {
  rows: PersonaContent[]
  total: number
  skip: number
  limit: number
}

export const toPersonas = ({ rows, total, skip, limit }: PersonaPage): typeof Personas.static => ({
  personas: rows.map(toPersona),
  total_items: total,
  totalItems: total,
  page: Math.floor(skip / limit) + 1,
  page_size: limit,
  total_pages: Math.ceil(total / limit),
})
