import { idOf, parentOf, pluginsOfEach, routesOfEach, rowsOfEach, settingsOfEach, tagsOfEach } from './many-rows.ts'

export interface ListRequest {
  /** Below /api/v1. */
  path: string
  /** Makes it a POST. `round` counts the requests. */
  body?: (round: number) => unknown
}

export interface AreaRequests {
  /** What the user has, for the table. */
  area: string
  /** What clients ask for when they ask for nothing special. */
  usual: ListRequest
  others: ListRequest[]
}

const toArea = (area: string, usual: string, others: string[]): AreaRequests => ({
  area,
  usual: { path: usual },
  others: others.map((path) => ({ path })),
})

/** Places every route anew in each round: what changes nothing is not written. */
const batch = (userId: string): ListRequest => ({
  path: '/navigation-routes/batch-update',
  body: (round) =>
    Array.from({ length: routesOfEach }, (_, index) => ({
      id: idOf(userId, `route ${index}`),
      parent_id: parentOf(userId, index),
      display_order: index + (round % 2),
      is_expanded: true,
    })),
})

/** Of each area's lists the usual request and the worst ones: far out, or for something that is rare (see many-rows). */
export const listRequests = (userId: string): AreaRequests[] => {
  const chats = `/users/${userId}/conversations?limit=50&conversation_type=chat`
  const [rareTag, tag] = [idOf(userId, 'tag 0'), idOf(userId, 'tag 1')]
  const [rarePersona, persona] = [idOf(userId, 'persona 0'), idOf(userId, 'persona 1')]
  const navigation = toArea(`${routesOfEach} navigation routes`, '/navigation-routes', [
    '/navigation-routes?visible_only=true',
    '/navigation-routes/tree',
  ])
  return [
    toArea(`${rowsOfEach} pages`, '/pages', [
      '/pages?published_only=true',
      '/pages?parent_type=dashboard',
      '/pages?skip=9900',
      '/pages?limit=1000',
    ]),
    toArea(`${rowsOfEach} conversations`, chats, [
      `${chats}&tag_id=${tag}`,
      `${chats}&tag_id=${rareTag}`,
      `${chats}&page_id=${idOf(userId, 'page 0')}`,
      `${chats}&persona_id=${rarePersona}`,
      `${chats}&skip=7400`,
      `/users/${userId}/conversations?limit=100&skip=9900`,
      `/conversations/by-persona/${persona}`,
      `/conversations/by-persona/${persona}?skip=4900`,
      `/conversations/by-persona/${rarePersona}`,
    ]),
    toArea(`${tagsOfEach} tags`, `/users/${userId}/tags`, [
      `/tags/${tag}/conversations`,
      `/tags/${tag}/conversations?skip=3300`,
      `/tags/${rareTag}/conversations`,
    ]),
    toArea(`${rowsOfEach} personas`, '/personas', [
      '/personas?page=600&pageSize=16',
      '/personas?search=needle',
      '/personas?search=patient&skip=9900',
      '/personas?tags=rare',
      '/personas?tags=topic%207,group%203',
      '/personas?is_active=false',
      '/personas/tags',
    ]),
    { ...navigation, others: [...navigation.others, batch(userId)] },
    toArea(`${rowsOfEach} plugin states`, '/plugin-state', [
      '/plugin-state?plugin_id=plugin-7',
      '/plugin-state?plugin_id=plugin-10',
      '/plugin-state?sync_status=conflict',
      '/plugin-state?offset=9900',
      '/plugin-state?limit=1000',
      '/plugin-state/stats',
    ]),
    toArea(`${pluginsOfEach} plugins`, '/plugins/manifest/designer', [
      '/plugins/manifest',
      '/plugins/manager',
      '/plugins/manager?page=10&pageSize=100',
      '/plugins/manager?search=settings&pageSize=100',
      '/plugins/manager?tags=rare&pageSize=100',
      '/plugins/categories',
      '/plugins/tags',
      '/plugins/available',
    ]),
    toArea(`${settingsOfEach} settings`, '/settings/instances?definition_id=setting_7&scope=user&user_id=current', [
      '/settings/instances',
      '/settings/instances?scope=user&user_id=current',
    ]),
  ]
}
