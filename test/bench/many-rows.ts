import { gzipSync } from 'node:zlib'
import type { conversations } from '../../src/areas/conversations/conversations.table.ts'
import type { navigationRoutes } from '../../src/areas/navigation/navigation.table.ts'
import type { pageContents, pages } from '../../src/areas/pages/pages.table.ts'
import type { personas } from '../../src/areas/personas/personas.table.ts'
import type { pluginStates } from '../../src/areas/plugin-state/plugin-state.table.ts'
import type { tags } from '../../src/areas/tags/tags.table.ts'
import { toFolded } from '../../src/shared/folded-text.ts'
import { toUuid } from '../../src/shared/ids.ts'
import { moduleRow, pluginRow } from '../support/plugins-rows.ts'

export const rowsOfEach = 10_000
export const routesOfEach = 500
// As many as the API allows.
export const tagsOfEach = 1000
export const settingsOfEach = 1000
export const pluginsOfEach = 500

const now = Date.now()
const words = 'You are a patient assistant who answers in short sentences and asks when something is unclear. '
const module = { plugin: 'BrainDriveChat', config: { greeting: words, columns: [1, 2, 3], isOpen: true } }
const content = JSON.stringify({
  layouts: { desktop: [], tablet: [] },
  modules: Array.from({ length: 12 }, () => module),
})
const plainState = Buffer.from(JSON.stringify({ text: words.repeat(3), isOpen: true }))
const zippedState = gzipSync(JSON.stringify({ text: words.repeat(40) }))

/** The same in every database, and in no order, as real ids are. */
export const idOf = (userId: string, name: string): string =>
  new Bun.CryptoHasher('md5').update(`${userId} ${name}`).digest('hex')

/** The higher the index, the newer. */
const timesOf = (index: number) => ({ createdAt: now - 1e9 + index * 1000, updatedAt: now - 1e9 + index * 1000 })

// What is rare lies at the end that a list reaches last: of pages the newest, of all else the oldest.

export const toPage = (creatorId: string, index: number): typeof pages.$inferInsert => ({
  ...timesOf(index),
  id: idOf(creatorId, `page ${index}`),
  creatorId,
  name: `Page ${index}`,
  route: `page-${index}`,
  parentType: index === rowsOfEach - 1 ? 'dashboard' : 'page',
  isParentPage: false,
  isPublished: index % 2 === 0,
})

export const toPageContent = (creatorId: string, index: number): typeof pageContents.$inferInsert => ({
  pageId: idOf(creatorId, `page ${index}`),
  creatorId,
  size: content.length,
  content,
})

export const toPersona = (userId: string, index: number): typeof personas.$inferInsert => {
  const prompt = `${words.repeat(12)}${index === 0 ? 'needle' : ''}`
  return {
    ...timesOf(index),
    id: idOf(userId, `persona ${index}`),
    userId,
    name: `Persona ${index}`,
    systemPrompt: prompt,
    modelSettings: { temperature: 0.7, max_tokens: 2000 },
    tags: [index === 0 ? 'rare' : `topic ${index % 50}`, `group ${index % 7}`],
    isActive: index > 0,
    searchText: toFolded(`Persona ${index}\n${prompt}`),
  }
}

export const toConversation = (userId: string, index: number): typeof conversations.$inferInsert => ({
  ...timesOf(index),
  id: toUuid(idOf(userId, `conversation ${index}`)),
  userId,
  title: `Conversation ${index}`,
  pageContext: '{"pageName":"Chat","pageRoute":"chat","isStudioPage":false}',
  pageId: toUuid(idOf(userId, `page ${index === 0 ? 0 : 1}`)),
  model: 'llama3.2:3b',
  server: 'Home',
  conversationType: index % 4 === 3 ? 'studio' : 'chat',
  personaId: index === 0 || index % 2 === 1 ? idOf(userId, `persona ${index === 0 ? 0 : 1}`) : null,
})

/** The first is on the oldest conversation only, the second on every third. */
export const toTag = (userId: string, index: number): typeof tags.$inferInsert => ({
  ...timesOf(index),
  id: idOf(userId, `tag ${index}`),
  userId,
  name: `Tag ${index}`,
  color: '#00aa88',
})

export const toTagLinks = (userId: string, index: number) =>
  [index === 0 ? 0 : 2 + (index % (tagsOfEach - 2)), ...(index % 3 === 0 ? [1] : [])].map((tag) => ({
    conversationId: toUuid(idOf(userId, `conversation ${index}`)),
    tagId: idOf(userId, `tag ${tag}`),
    createdAt: now,
  }))

/** Every tenth route is the parent of the nine after it. */
export const parentOf = (creatorId: string, index: number) =>
  index % 10 === 0 ? null : idOf(creatorId, `route ${index - (index % 10)}`)

export const toRoute = (creatorId: string, index: number): typeof navigationRoutes.$inferInsert => ({
  ...timesOf(index),
  id: idOf(creatorId, `route ${index}`),
  creatorId,
  name: `Route ${index}`,
  route: `route-${index}`,
  icon: 'Folder',
  order: index,
  isVisible: true,
  isSystemRoute: false,
  canChangeDefault: true,
  parentId: parentOf(creatorId, index),
  displayOrder: index,
  isCollapsible: true,
  isExpanded: true,
})

/** Every tenth is long and thus compressed: all of plugin-10, none of plugin-7. */
export const toState = (userId: string, index: number): typeof pluginStates.$inferInsert => {
  const stateData = index % 10 === 0 ? zippedState : plainState
  return {
    ...timesOf(index),
    id: toUuid(idOf(userId, `state ${index}`)),
    userId,
    pluginId: `plugin-${index % 50}`,
    stateKey: `key-${index}`,
    pageId: '',
    stateStrategy: 'persistent',
    syncStatus: index === 0 ? 'conflict' : 'synced',
    isActive: true,
    version: 1,
    lastAccessed: timesOf(index).updatedAt,
    accessCount: 1,
    compressionType: stateData === zippedState ? 'gzip' : null,
    stateSize: stateData.length,
    stateData,
  }
}

export const toPlugin = (userId: string, index: number) => pluginRow(userId, `Plugin${index}`)

/** Their texts are about as long as those of real ones. */
export const toModules = (userId: string, index: number) =>
  ['Main', 'Settings'].map((name) =>
    moduleRow(toPlugin(userId, index), name, {
      description: words,
      configFields: JSON.stringify({ greeting: { type: 'text', label: 'Greeting', default: words } }),
      tags: JSON.stringify([index === 0 ? 'rare' : 'chat', `group ${index % 7}`]),
    }),
  )
