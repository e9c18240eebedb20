import { defineErrorWith } from '../../shared/app-error.ts'

/** What the contract adds to some refusals. They mean the same: another's plugin looks like none. */
export const orNotYours = " or you don't have permission"

export const pluginNotFound = defineErrorWith(
  404,
  'plugins.not_found',
  (plugin: string, addition?: string) => `Plugin ${plugin} not found${addition ?? ''}`,
)
export const moduleNotFound = defineErrorWith(
  404,
  'plugins.module_not_found',
  (module: string, plugin: string, addition?: string) =>
    `Module ${module} not found in plugin ${plugin}${addition ?? ''}`,
)
