import { type Static, t } from 'elysia'

const line = (maxLength: number) => t.String({ minLength: 1, maxLength, pattern: '^[^\\u0000-\\u001f\\u007f]+$' })

/** One plugin that users may choose from. Other members are left out. */
export const RegistryEntry = t.Object({
  slug: t.String({ pattern: '^[A-Za-z][A-Za-z0-9_-]{0,63}$' }),
  name: line(200),
  repo_url: t.String({
    maxLength: 500,
    pattern: '^https?://[^\\s/@]+/[^\\s]+$',
    description: 'Its Git repository; without a user name or password, since everybody sees it',
  }),
  description: t.String({ maxLength: 2000 }),
  author: line(200),
  official: t.Optional(t.Boolean()),
  version: t.Optional(line(64)),
  category: t.Optional(line(100)),
  icon: t.Optional(line(500)),
})
export type RegistryEntry = Static<typeof RegistryEntry>

/** The file behind PLUGIN_REGISTRY_URL. */
export const RegistryIndex = t.Object({ plugins: t.Array(RegistryEntry, { maxItems: 1000 }) })
