import { toHexId } from '../../shared/ids.ts'

const startsWithUuid = /^(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?=_)/i

/**
 * The stored spelling of the id of a plugin or module, which begins with its owner's id: clients may send that with
 * dashes. What begins otherwise, such as a slug, stays as it is.
 */
export const toPluginId = (text: string): string => text.replace(startsWithUuid, toHexId)

/**
 * Whether a text begins as ids do. Among the plugins of all users such a one is never looked up as a slug: somebody's slug
 * may look like the id of another user's plugin, and would answer in its place.
 */
export const isPluginId = (text: string): boolean => startsWithUuid.test(text)
