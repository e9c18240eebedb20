import type { PluginRow } from '../plugins.table.ts'

/** Where an update is to be looked for. */
export type PackageOrigin = Pick<PluginRow, 'packageSource' | 'packageUrl' | 'packageRef'>
