import { defineError } from '../../../shared/app-error.ts'

// The texts of plugins.md A3, in the order in which they are decided.

export const fileTypeNotAllowed = defineError(403, 'plugins.file_type', 'File type not allowed')
export const filePluginNotFound = defineError(404, 'plugins.file_plugin_not_found', 'Plugin not found')
export const fileNotFound = defineError(404, 'plugins.file_not_found', 'File not found')
