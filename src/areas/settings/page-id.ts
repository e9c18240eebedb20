import { toHexId, toUuid } from '../../shared/ids.ts'

const isPageId = (id: string) => /^([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i.test(id)

/** Ids of pages come with and without dashes and are stored without; other names of pages stay as they are. */
export const toStoredPageId = (id: string | null | undefined): string | null =>
  id ? (isPageId(id) ? toHexId(id) : id) : null

/** With dashes, as pages themselves show their id. */
export const toShownPageId = (id: string | null): string | null => (id !== null && isPageId(id) ? toUuid(id) : id)
