import { isUuid, toHexId, toUuid } from '../../shared/ids.ts'

/** Ids of pages come with and without dashes and are stored without; other names of pages stay as they are. */
export const toStoredPageId = (id: string | null | undefined): string | null =>
  id ? (isUuid(id) ? toHexId(id) : id) : null

/** With dashes, as pages themselves show their id. */
export const toShownPageId = (id: string | null): string | null => (id !== null && isUuid(id) ? toUuid(id) : id)
