import { t } from 'elysia'
import { Nullable } from '../../http/wire-types.ts'

/** auth.md 8. */
export const Diagnostics = t.Object({
  app: t.Object({
    name: t.String(),
    environment: t.String(),
    version: t.String(),
    commit: Nullable(t.String({ description: 'Git hash of the build' })),
  }),
  backend: t.Object({
    db: t.Object({
      type: t.Literal('sqlite'),
      version: t.String(),
      migration_version: Nullable(t.String({ description: 'Name of the newest schema step' })),
    }),
  }),
  plugins: t.Object({
    count: t.Integer(),
    modules: t.Integer(),
    items: t.Array(
      t.Object({
        id: t.String({ description: 'Slug' }),
        version: t.String(),
        module_count: t.Integer(),
        bundlelocation: Nullable(t.String()),
        enabled: t.Boolean(),
      }),
    ),
  }),
  logs: t.Object({
    message: t.String(),
    lines: t.Array(t.String({ description: 'Oldest first, at most 80, without secrets' })),
  }),
})
export type Diagnostics = typeof Diagnostics.static
