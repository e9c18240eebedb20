import { t } from 'elysia'

/** `*` is the rest of the path, still encoded. It has no schema, since Elysia cannot make a validator with that name in it. */
export const FileParams = t.Unsafe<{ pluginId: string; '*': string }>(
  t.Object(
    { pluginId: t.String({ maxLength: 255, description: 'Id or slug of the plugin' }) },
    { additionalProperties: true },
  ),
)
