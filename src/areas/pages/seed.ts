import type { Deps } from '../../deps.ts'
import { newHexId, toUuid } from '../../shared/ids.ts'
import { firstPageContent } from './first-page.ts'
import { insertPage } from './pages.store.ts'
import { findStartPageId, hasPages } from './start-page.store.ts'

type SeedDeps = Pick<Deps, 'db' | 'clock'>

const createFirstPage = ({ db, clock }: SeedDeps, userId: string) => {
  const now = clock()
  insertPage(db, {
    id: newHexId(),
    creatorId: userId,
    name: 'AI Chat',
    // Free, since the user has no other page.
    route: `ai-chat-${Math.floor(now / 1000)}`,
    parentRoute: null,
    parentType: null,
    isParentPage: false,
    description: '',
    icon: null,
    navigationRouteId: null,
    isPublished: true,
    publishDate: now,
    backupDate: null,
    createdAt: now,
    updatedAt: now,
    content: JSON.stringify(firstPageContent(now)),
  })
}

export interface StartPage {
  /** With dashes. */
  id: string
  /** Whether it was made just now. */
  isNew: boolean
}

/**
 * The page `AI Chat`, for a user who has no page at all (auth.md 6.6). Returns the page that the user is to start with:
 * `Library Capture`, `Capture` or `AI Chat`, the first of them that there is. Call in a transaction.
 */
export const seedFirstPage = (deps: SeedDeps, userId: string): StartPage | undefined => {
  const isNew = !hasPages(deps.db, userId)
  if (isNew) createFirstPage(deps, userId)
  const id = findStartPageId(deps.db, userId)
  return id === undefined ? undefined : { id: toUuid(id), isNew }
}
