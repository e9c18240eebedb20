import { chatBody } from '../support/chat.ts'
import type { Ids } from './world.ts'

export interface Sample {
  query?: string | ((ids: Ids) => string)
  body?: object | ((ids: Ids) => object)
  /** `:name` is no object of bob's but a word that everybody may use, e.g. a provider. */
  path?: Record<string, string>
  /** Administrators alone; they may change it, whosever it is. */
  isAdminOnly?: true
  /** Right in form, but refused to everybody. */
  isRefused?: true
  /** What others published may be in the answer. */
  showsPublished?: true
}

const content = { layouts: { desktop: [], tablet: [], mobile: [] }, modules: {} }
const definition = { id: 'house_rules', name: 'House rules', category: 'x', type: 'object', allowed_scopes: ['user'] }
const sleep = { job_type: 'system.sleep', payload: { seconds: 1 } }
const instance = { definition_id: 'theme_settings', name: 'Theme', value: { theme: 'light' }, scope: 'user' }

/** One right request for each route that is not public: an owner's answer proves that a refusal is not for bad input. */
export const samples: Record<string, Sample> = {
  // Where bob's database goes, his files stay behind: see plugin-files.test.ts.
  'GET /api/v1/plugins/:pluginId/*': { path: { '*': 'dist/remoteEntry.js' }, isRefused: true },
  'GET /api/v1/diagnostics': { isAdminOnly: true },
  'GET /metrics': { isAdminOnly: true },
  'POST /api/v1/auth/logout': {},
  'GET /api/v1/auth/me': {},
  'PUT /api/v1/auth/profile/username': { body: () => ({ username: `renamed${crypto.randomUUID().slice(0, 8)}` }) },
  'PUT /api/v1/auth/profile/password': {
    body: { current_password: 'not that', new_password: 'x' },
    isRefused: true,
  },
  'GET /api/v1/settings/definitions': {},
  'POST /api/v1/settings/definitions': { body: { ...definition, id: 'more', name: 'More' }, isAdminOnly: true },
  'PATCH /api/v1/settings/definitions/:definitionId': { body: { category: 'y' }, isAdminOnly: true },
  'PUT /api/v1/settings/definitions/:definitionId': { body: definition, isAdminOnly: true },
  'DELETE /api/v1/settings/definitions/:definitionId': { isAdminOnly: true },
  'GET /api/v1/settings/instances': { query: 'scope=user&user_id=current' },
  'POST /api/v1/settings/instances': { body: { ...instance, user_id: 'current' } },
  'GET /api/v1/settings/instances/:instanceId': {},
  'PATCH /api/v1/settings/instances/:instanceId': { body: { value: { theme: 'light' } } },
  'PUT /api/v1/settings/instances/:instanceId': { body: instance },
  'DELETE /api/v1/settings/instances/:instanceId': {},
  'GET /api/v1/users/:userId/conversations': {},
  'GET /api/v1/conversations/by-persona/:personaId': {},
  'POST /api/v1/conversations/:conversationId/tags': { body: ({ tagId }: Ids) => ({ tag_id: tagId }) },
  'DELETE /api/v1/conversations/:conversationId/tags/:tagId': {},
  'GET /api/v1/tags/:tagId/conversations': {},
  'POST /api/v1/conversations': { body: { title: 'New' } },
  'GET /api/v1/conversations/:conversationId': {},
  'PUT /api/v1/conversations/:conversationId': { body: { title: 'Changed' } },
  'DELETE /api/v1/conversations/:conversationId': {},
  'GET /api/v1/conversations/:conversationId/with-persona': {},
  'PUT /api/v1/conversations/:conversationId/persona': { body: { persona_id: null } },
  'GET /api/v1/conversations/:conversationId/messages': {},
  'POST /api/v1/conversations/:conversationId/messages': { body: { sender: 'user', message: 'Hello' } },
  'GET /api/v1/conversations/:conversationId/with-messages': {},
  'GET /api/v1/pages': {},
  'POST /api/v1/pages': { body: { name: 'New', route: 'new', content } },
  'GET /api/v1/pages/route/*': { path: { '*': 'bob-page' } },
  'GET /api/v1/pages/:pageId': {},
  'PUT /api/v1/pages/:pageId': { body: { content } },
  'DELETE /api/v1/pages/:pageId': {},
  'PUT /api/v1/pages/:pageId/hierarchy': { body: { parent_route: '', parent_type: 'page', is_parent_page: false } },
  'POST /api/v1/pages/:pageId/publish': { body: { publish: true } },
  'POST /api/v1/pages/:pageId/backup': { body: { create_backup: true } },
  'POST /api/v1/pages/:pageId/restore': { body: {} },
  'GET /api/v1/personas': {},
  'POST /api/v1/personas': { body: { name: 'New', system_prompt: 'Be new' } },
  'GET /api/v1/personas/tags': {},
  'GET /api/v1/personas/:personaId': {},
  'PUT /api/v1/personas/:personaId': { body: { name: 'Changed' } },
  'PATCH /api/v1/personas/:personaId': { body: { is_active: false } },
  'DELETE /api/v1/personas/:personaId': {},
  'GET /api/v1/users/:userId/tags': {},
  'POST /api/v1/tags': { body: { name: 'New' } },
  'PUT /api/v1/tags/:tagId': { body: { name: 'Changed' } },
  'DELETE /api/v1/tags/:tagId': {},
  // No search engine runs beside the tests, and no address of a test is a public one: nobody's rows are asked for here.
  // Files are no JSON, which is all that is sent here: see documents.test.ts.
  'POST /api/v1/documents/process': { isRefused: true },
  'POST /api/v1/documents/process-multiple': { isRefused: true },
  'POST /api/v1/documents/process-text-context': { isRefused: true },
  'GET /api/v1/searxng/web': { query: 'q=bees', isRefused: true },
  'GET /api/v1/searxng/health': {},
  'POST /api/v1/searxng/scrape': { body: { urls: ['http://127.0.0.1/'] } },
  'GET /api/v1/ai/providers/providers': {},
  'GET /api/v1/ai/providers/catalog': {},
  'POST /api/v1/ai/providers/validate': { body: { provider: 'ollama', config: { server_url: 'http://127.0.0.1:1' } } },
  'GET /api/v1/ai/providers/models': {
    query: 'provider=ollama&settings_id=ollama_servers_settings&server_id=srv1&user_id=current',
  },
  'GET /api/v1/ai/providers/all-models': {},
  'POST /api/v1/ai/providers/chat': { body: chatBody('Hello', { stream: false }) },
  'POST /api/v1/ai/providers/generate': {
    body: () => ({ ...chatBody('', { stream: false }), messages: undefined, prompt: 'Hello' }),
  },
  'POST /api/v1/ai/providers/cancel': { body: ({ conversationId }: Ids) => ({ conversation_id: conversationId }) },
  'GET /api/v1/ai/settings/providers': {},
  'POST /api/v1/ai/settings/providers': {
    body: { provider: 'groq', instance_id: 'one', name: 'Groq', config: { api_key: `gsk_${'x'.repeat(30)}` } },
  },
  'DELETE /api/v1/ai/settings/providers/:provider/:instanceId': { path: { provider: 'openai', instanceId: 'mine' } },
  'GET /api/v1/ai/settings/servers/:settingsId': { path: { settingsId: 'ollama_servers_settings' } },
  'GET /api/v1/navigation-routes': {},
  'GET /api/v1/navigation-routes/tree': {},
  'POST /api/v1/navigation-routes': { body: { name: 'New', route: 'new' } },
  'POST /api/v1/navigation-routes/batch-update': { body: ({ routeId }: Ids) => [{ id: routeId, is_expanded: false }] },
  'GET /api/v1/navigation-routes/:routeId': {},
  'PUT /api/v1/navigation-routes/:routeId': { body: { name: 'Changed' } },
  'PUT /api/v1/navigation-routes/:routeId/move': { body: { parent_id: null, display_order: 3 } },
  'DELETE /api/v1/navigation-routes/:routeId': {},
  'GET /api/v1/components': {},
  'POST /api/v1/components': { body: { name: 'New', component_id: 'new' }, isAdminOnly: true },
  'GET /api/v1/components/:componentId': {},
  'PUT /api/v1/components/:componentId': {
    body: { name: 'Changed' },
    query: ({ userId }: Ids) => `user_id=${userId}`,
    isAdminOnly: true,
  },
  'DELETE /api/v1/components/:componentId': { query: ({ userId }: Ids) => `user_id=${userId}`, isAdminOnly: true },
  'POST /api/v1/plugin-state': { body: { plugin_id: 'New', state_data: {} } },
  'GET /api/v1/plugin-state': {},
  'GET /api/v1/plugin-state/stats': {},
  'DELETE /api/v1/plugin-state/cleanup': {},
  'POST /api/v1/plugin-state/bulk': { body: { states: [{ plugin_id: 'New', state_data: {} }] } },
  'POST /api/v1/plugin-state/sync': {
    body: { device_id: 'd', states: [{ plugin_id: 'Chat', state_key: 'bob', state_data: {} }] },
  },
  'GET /api/v1/plugin-state/:stateId': {},
  'GET /api/v1/plugins/manifest': {},
  'GET /api/v1/plugins/manifest/designer': {},
  'GET /api/v1/plugins/manager': {},
  'GET /api/v1/plugins/categories': {},
  'GET /api/v1/plugins/tags': {},
  'GET /api/v1/plugins/test': {},
  'GET /api/v1/plugins/:pluginId/info': {},
  'GET /api/v1/plugins/by-slug/:pluginId': {},
  'GET /api/v1/plugins/:pluginId/modules': {},
  'GET /api/v1/plugins/:pluginId/modules/:moduleId': {},
  'GET /api/v1/plugins/direct/:pluginId/modules/:moduleId': {},
  'GET /api/v1/plugins/simple/:pluginId/modules/:moduleId': {},
  // Slugs are nobody's: these three say of a plugin that one does not have that it is not there, by 200.
  'GET /api/v1/plugins/:pluginId/status': { path: { pluginId: 'BobsPlugin' } },
  'GET /api/v1/plugins/:pluginId/update/available': { path: { pluginId: 'BobsPlugin' } },
  'POST /api/v1/plugins/:pluginId/test-loading': { path: { pluginId: 'BobsPlugin' } },
  'PATCH /api/v1/plugins/:pluginId': { body: { enabled: false } },
  'PATCH /api/v1/plugins/:pluginId/modules/:moduleId': { body: { enabled: false } },
  'DELETE /api/v1/plugins/:pluginId': {},
  'POST /api/v1/plugins/refresh-cache': {},
  'POST /api/v1/plugins/:pluginId/register': {
    path: { pluginId: 'NewPlugin' },
    body: { name: 'New', description: '', version: '1.0.0' },
  },
  ...Object.fromEntries(
    ['restart', 'start', 'stop'].map((verb) => [
      `POST /api/v1/plugins/:pluginId/services/${verb}`,
      { path: { pluginId: 'BobsPlugin' }, body: { definition_id: 'x', user_id: 'current' }, isRefused: true },
    ]),
  ),
  'GET /api/v1/plugins/available': {},
  'GET /api/v1/plugins/updates/available': {},
  // What these need does not exist here: see the tests of installations.
  'POST /api/v1/plugins/install': { body: { method: 'github' }, isRefused: true },
  'POST /api/v1/plugins/install-from-url': { body: { repo_url: 'https://127.0.0.1/a/b' }, isRefused: true },
  'POST /api/v1/plugins/:pluginId/install': { path: { pluginId: 'NoSuchPlugin' }, isRefused: true },
  'POST /api/v1/plugins/:pluginId/update': { isRefused: true },
  'DELETE /api/v1/plugins/:pluginId/uninstall': {},
  'GET /api/v1/jobs': {},
  'POST /api/v1/jobs': { body: sleep },
  'GET /api/v1/jobs/:jobId': {},
  // Bob's job is over, so that its stream ends: see jobs-change.test.ts.
  'POST /api/v1/jobs/:jobId/cancel': { isRefused: true },
  'POST /api/v1/jobs/:jobId/retry': {},
  'DELETE /api/v1/jobs/:jobId': {},
  'GET /api/v1/jobs/:jobId/events': {},
  'GET /api/v1/jobs/:jobId/logs': {},
  'GET /api/v1/jobs/:jobId/events/stream': {},
  'GET /api/v1/ollama/test': { query: ({ ollamaUrl }: Ids) => `server_url=${ollamaUrl}` },
  'GET /api/v1/ollama/models': { query: ({ ollamaUrl }: Ids) => `server_url=${ollamaUrl}` },
  'DELETE /api/v1/ollama/delete': {
    body: ({ ollamaUrl }: Ids) => ({ name: 'no such model', server_url: ollamaUrl }),
    isRefused: true,
  },
  'POST /api/v1/ollama/install': { body: { name: 'llama3.2:1b', server_url: 'http://127.0.0.1:1' } },
  'GET /api/v1/ollama/install/:taskId': {},
  'GET /api/v1/ollama/install/:taskId/events': {},
  'DELETE /api/v1/ollama/install/:taskId': {},
  'PUT /api/v1/plugin-state/:stateId': { body: { state_data: { changed: true } } },
  'DELETE /api/v1/plugin-state/:stateId': {},
}

/** Eve's own requests with an id of bob's inside: route, then query or body. What answers 2xx must show and change nothing of his. */
export const mixtures: [route: string, sample: Sample][] = [
  ['POST /api/v1/conversations', { body: ({ personaId }: Ids) => ({ persona_id: personaId }) }],
  ['POST /api/v1/conversations', { body: ({ userId }: Ids) => ({ user_id: userId }) }],
  ['PUT /api/v1/conversations/:eveConversationId', { body: ({ personaId }: Ids) => ({ persona_id: personaId }) }],
  [
    'PUT /api/v1/conversations/:eveConversationId/persona',
    { body: ({ personaId }: Ids) => ({ persona_id: personaId }) },
  ],
  ['POST /api/v1/conversations/:eveConversationId/tags', { body: ({ tagId }: Ids) => ({ tag_id: tagId }) }],
  ['POST /api/v1/conversations/:conversationId/tags', { body: ({ eveTagId }: Ids) => ({ tag_id: eveTagId }) }],
  ['DELETE /api/v1/conversations/:conversationId/tags/:eveTagId', {}],
  ['DELETE /api/v1/conversations/:eveConversationId/tags/:tagId', {}],
  ['GET /api/v1/users/current/conversations', { query: ({ tagId }: Ids) => `tag_id=${tagId}` }],
  ['GET /api/v1/users/current/conversations', { query: ({ personaId }: Ids) => `persona_id=${personaId}` }],
  ['GET /api/v1/users/current/conversations', { query: ({ pageId }: Ids) => `page_id=${pageId}` }],
  ['POST /api/v1/jobs', { body: ({ jobId }: Ids) => ({ ...sleep, depends_on: [jobId] }) }],
  ['POST /api/v1/jobs', { body: { ...sleep, idempotency_key: 'bob' } }],
  ['POST /api/v1/tags', { body: ({ userId }: Ids) => ({ name: 'Mine', user_id: userId }) }],
  ['GET /api/v1/settings/instances', { query: ({ userId }: Ids) => `scope=user&user_id=${userId}` }],
  ['POST /api/v1/settings/instances', { body: ({ userId }: Ids) => ({ ...instance, user_id: userId }) }],
  ['POST /api/v1/settings/instances', { body: ({ instanceId }: Ids) => ({ ...instance, id: instanceId }) }],
  [
    'POST /api/v1/settings/instances',
    { body: ({ instanceId }: Ids) => ({ ...instance, id: instanceId, action: 'delete' }) },
  ],
  ['POST /api/v1/settings/instances', { body: ({ pageId }: Ids) => ({ ...instance, scope: 'page', page_id: pageId }) }],
  ['PUT /api/v1/settings/instances/:eveInstanceId', { body: ({ userId }: Ids) => ({ ...instance, user_id: userId }) }],
  [
    'POST /api/v1/pages',
    { body: ({ routeId }: Ids) => ({ name: 'N', route: 'n', content, navigation_route_id: routeId }) },
  ],
  [
    'POST /api/v1/pages',
    { body: ({ pageRoute }: Ids) => ({ name: 'N', route: 'n', content, parent_route: pageRoute }) },
  ],
  ['PUT /api/v1/pages/:evePageId', { body: ({ routeId }: Ids) => ({ navigation_route_id: routeId }) }],
  [
    'PUT /api/v1/pages/:evePageId/hierarchy',
    { body: ({ pageRoute }: Ids) => ({ parent_route: pageRoute, parent_type: 'page' }) },
  ],
  ['PUT /api/v1/pages/:evePageId/hierarchy', { body: { parent_route: 'bob-route', parent_type: 'navigation' } }],
  ['GET /api/v1/pages', { query: ({ userId }: Ids) => `creator_id=${userId}`, showsPublished: true }],
  ['GET /api/v1/pages', { query: ({ routeId }: Ids) => `navigation_route_id=${routeId}` }],
  ['POST /api/v1/navigation-routes', { body: ({ routeId }: Ids) => ({ name: 'N', route: 'n', parent_id: routeId }) }],
  [
    'POST /api/v1/navigation-routes',
    { body: ({ pageId }: Ids) => ({ name: 'N', route: 'n', default_page_id: pageId }) },
  ],
  ['PUT /api/v1/navigation-routes/:eveRouteId', { body: ({ routeId }: Ids) => ({ parent_id: routeId }) }],
  ['PUT /api/v1/navigation-routes/:eveRouteId', { body: ({ pageId }: Ids) => ({ default_page_id: pageId }) }],
  ['PUT /api/v1/navigation-routes/:eveRouteId/move', { body: ({ routeId }: Ids) => ({ parent_id: routeId }) }],
  [
    'POST /api/v1/navigation-routes/batch-update',
    { body: ({ eveRouteId, routeId }: Ids) => [{ id: eveRouteId, parent_id: routeId }] },
  ],
  [
    'POST /api/v1/navigation-routes/batch-update',
    { body: ({ routeId }: Ids) => [{ id: routeId, is_expanded: false }] },
  ],
  ['POST /api/v1/components', { body: ({ userId }: Ids) => ({ name: 'N', component_id: 'n', user_id: userId }) }],
  ['GET /api/v1/plugin-state', { query: ({ pageId }: Ids) => `page_id=${pageId}` }],
  ['GET /api/v1/plugins/:pluginId/status', {}],
  ['GET /api/v1/plugins/:pluginId/update/available', {}],
  ['POST /api/v1/plugins/:pluginId/test-loading', {}],
  ['GET /api/v1/plugins/:evePluginId/modules/:moduleId', {}],
  ['GET /api/v1/plugins/direct/:evePluginId/modules/:moduleId', {}],
  ['GET /api/v1/plugins/direct/:pluginId/modules/:eveModuleId', {}],
  ['PATCH /api/v1/plugins/:evePluginId/modules/:moduleId', { body: { enabled: false } }],
  [
    'POST /api/v1/plugins/BobsPlugin/register',
    {
      body: ({ userId, pluginId, moduleId }: Ids) => ({
        name: 'N',
        description: '',
        version: '1',
        id: pluginId,
        user_id: userId,
        modules: [{ id: 'm', name: 'M', plugin_id: pluginId, user_id: userId, display_name: moduleId }],
      }),
    },
  ],
  [
    'POST /api/v1/ai/providers/chat',
    { body: ({ conversationId }: Ids) => chatBody('Hi', { stream: false, conversation_id: conversationId }) },
  ],
  [
    'POST /api/v1/ai/providers/chat',
    { body: ({ personaId }: Ids) => chatBody('Hi', { stream: false, persona_id: personaId }) },
  ],
  ['POST /api/v1/ai/providers/chat', { body: ({ userId }: Ids) => chatBody('Hi', { stream: false, user_id: userId }) }],
  ['POST /api/v1/ai/providers/cancel', { body: ({ conversationId }: Ids) => ({ conversation_id: conversationId }) }],
  [
    'GET /api/v1/ai/providers/models',
    {
      query: ({ userId }: Ids) =>
        `provider=ollama&settings_id=ollama_servers_settings&server_id=srv1&user_id=${userId}`,
    },
  ],
]
